"""Owns `./orbit bite`: plants each bug by itself, two side by side, and exits with 1 where one is not caught."""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from tests.planted.catalogue import PLANTS
from tests.planted.plant import BadPlant, copy_of_project
from tests.planted.trial import Outcome, Verdict, run_tests, shared_postgres

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.planted.plant import Plant

SIDE_BY_SIDE = 2


def main() -> int:
    """Plant what is named, or everything."""
    parser = argparse.ArgumentParser(prog="orbit bite", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="plants to try; all without a name")
    parser.add_argument("--list", action="store_true", help="say what would be planted, and why it is a bug")
    asked = parser.parse_args()
    unknown = set(asked.names) - {plant.name for plant in PLANTS}
    if unknown:
        parser.error(f"no such plant: {', '.join(sorted(unknown))}")
    chosen = [plant for plant in PLANTS if not asked.names or plant.name in asked.names]
    if asked.list:
        for plant in chosen:
            print(f"{plant.name:40} {plant.why}")
        return 0
    return bite(chosen)


def bite(plants: Sequence[Plant]) -> int:
    """First the tests as they are, then each plant; 1 where one was missed."""
    began = perf_counter()
    with tempfile.TemporaryDirectory(prefix="orbit-bite-") as home:
        # Whoever works on the project meanwhile changes nothing of this run.
        whole = copy_of_project(Path(home) / "as-it-is")
        if not _pass_unplanted(whole, plants):
            return 1
        print(f"\n{'planted':40} {'':8} by", flush=True)
        with shared_postgres(whole) as postgres, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            verdicts = list(pool.map(lambda plant: _tried(whole, plant, postgres), plants))
    caught = sum(verdict.outcome is Outcome.CAUGHT for verdict in verdicts)
    print(f"\n{caught} of {len(plants)} planted bugs were caught, in {perf_counter() - began:.0f} s")
    return 0 if caught == len(plants) else 1


def _pass_unplanted(whole: Path, plants: Sequence[Plant]) -> bool:
    tests = sorted({test for plant in plants for test in plant.tests})
    began = perf_counter()
    verdict = run_tests(whole, tests)
    if verdict.outcome is Outcome.PASSED:
        print(f"without a bug the same tests pass ({len(tests)} files and tests, {perf_counter() - began:.0f} s)")
        return True
    print(f"the tests fail without any bug: {verdict.test} {verdict.reason}")
    return False


def _tried(whole: Path, plant: Plant, postgres: str) -> Verdict:
    with tempfile.TemporaryDirectory(dir=whole.parent) as folder:
        root = copy_of_project(Path(folder) / "copy", whole)
        try:
            plant.apply(root)
            verdict = run_tests(root, plant.tests, plant.shows, postgres if plant.sql is None else None)
        except BadPlant as problem:
            verdict = Verdict(Outcome.BROKEN, reason=str(problem))
    word = {Outcome.PASSED: "MISSED", Outcome.CAUGHT: "caught", Outcome.BROKEN: "BROKEN"}[verdict.outcome]
    told = verdict.test if verdict.outcome is Outcome.CAUGHT else f"{verdict.test} {verdict.reason}".strip()
    print(f"{plant.name:40} {word:8} {told}", flush=True)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
