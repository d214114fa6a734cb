"""Points: placed by their names and nowhere else, quiet until armed, armed by nobody but the process itself."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from app.failpoints import POINTS, PointReached, arm, failpoint, plant
from config import ROOT
from tests.support.source_tree import sources

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYTHING = sources("app", "run.py", "config.py", "bot_manager.py")


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    plant(None)


def test_every_name_is_placed_and_every_place_has_a_name() -> None:
    placed = [call.args[0] for source in EVERYTHING for name, call in source.calls() if name == "failpoint"]
    assert {place.value for place in placed if isinstance(place, ast.Constant)} == POINTS
    assert all(isinstance(place, ast.Constant) for place in placed)


def test_only_the_process_itself_arms_them() -> None:
    arming = {source.path for source in EVERYTHING for name, _ in source.calls() if name in {"arm", "plant"}}
    assert arming == {"app/failpoints.py", "run.py"}


def test_a_point_does_what_was_ordered_at_the_time_that_was_ordered() -> None:
    failpoint("ton.settled")
    arm("ton.settled@2=raise;ton.scanned=raise")
    failpoint("ton.settled")
    with pytest.raises(PointReached, match=r"ton\.settled"):
        failpoint("ton.settled")
    failpoint("ton.settled")
    with pytest.raises(PointReached, match=r"ton\.scanned"):
        failpoint("ton.scanned")


@pytest.mark.parametrize("orders", ["ton.setled=kill", "ton.settled", "ton.settled=explode", "ton.settled@x=kill"])
def test_an_order_that_means_nothing_is_refused(orders: str) -> None:
    with pytest.raises(ValueError):
        arm(orders)


def test_kill_and_pause_are_the_real_signals() -> None:
    code = "import app.failpoints as f; f.arm('ton.settled=pause;ton.scanned=kill'); [f.failpoint(p) for p in"
    process = subprocess.Popen([sys.executable, "-c", f"{code} ('ton.settled', 'ton.scanned')]"], cwd=ROOT)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.wait(20) == -signal.SIGKILL
