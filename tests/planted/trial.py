"""Runs the tests of a copy and says how they ended: passed, caught the bug, or broke in some other way."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

REPORT = "planted.xml"
_KIND = re.compile(r"[\w.]*")
DEADLINE_SECONDS = 600
# How an assertion fails: by itself, by what was not raised, by what never came.
# The last one begins "DID NOT RAISE", as pytest says it of what it expected within a group of tasks.
ASSERTED = ("AssertionError", "assert", "Failed", "TimeoutError", "DID")


class Outcome(StrEnum):
    """What the tests said."""

    PASSED = "passed"
    CAUGHT = "caught"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the tests ended: `test` is the first that failed, `reason` how it did."""

    outcome: Outcome
    test: str = ""
    reason: str = ""


@contextmanager
def shared_postgres(root: Path) -> Iterator[str]:
    """The address of a PostgreSQL for all copies whose schema is that of the copy at `root`."""
    # Beside the copy and not in it: it would be copied with it, again and again, while it runs.
    command = [sys.executable, "-m", "tests.support.postgres_server", str(root.parent / "postgres")]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            raise RuntimeError("the PostgreSQL of the copies did not start: see the messages above")
        yield json.loads(line)["url"]  # it lives as long as its standard input, which ends with the block


def run_tests(root: Path, tests: Sequence[str], shows: Sequence[str] = (), postgres: str | None = None) -> Verdict:
    """Run them in the copy at `root` up to the first failure; on a PostgreSQL of their own where none is given."""
    options = ("-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-o", "junit_family=xunit1", f"--junitxml={REPORT}")
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "ORBIT_"))}
    if postgres is not None:
        environment["ORBIT_TEST_POSTGRES"] = postgres
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict(Outcome.BROKEN, reason=f"no end within {DEADLINE_SECONDS} s")
    if done.returncode == 0:
        return Verdict(Outcome.PASSED)
    if not (root / REPORT).is_file():
        return Verdict(Outcome.BROKEN, reason=(done.stdout + done.stderr).strip()[-500:])
    return judged((root / REPORT).read_text("utf-8"), shows)


def judged(report: str, shows: Sequence[str] = ()) -> Verdict:
    """The verdict in a report of pytest's, in the form of JUnit."""
    for test, message in _failures(report):
        kind = _kind(message).rpartition(".")[2]
        outcome = Outcome.CAUGHT if kind in (*ASSERTED, *shows) else Outcome.BROKEN
        return Verdict(outcome, test, message.splitlines()[0][:160] if message else "")
    return Verdict(Outcome.BROKEN, reason="failed without a failure in the report")


def _kind(message: str) -> str:
    """The name of the exception that a message begins with."""
    found = _KIND.match(message)
    return found[0] if found else ""


def _failures(report: str) -> Iterator[tuple[str, str]]:
    for case in ElementTree.fromstring(report).iter("testcase"):  # noqa: S314 - written by our own pytest
        for problem in (*case.iter("failure"), *case.iter("error")):
            message = problem.get("message", "").strip()
            # A fixture that audits fails behind the test: `failed on teardown with "AssertionError: ..."`.
            yield f"{case.get('file', '')}::{case.get('name', '')}", message.removeprefix('failed on teardown with "')
