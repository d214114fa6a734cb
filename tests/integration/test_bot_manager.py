"""The process manager over a made-up bot that speaks the same protocol, in a project folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import bot_manager
from app.readiness import Readiness

PROJECT = Path(__file__).parents[2]
BOT = """
import os, signal, sys
import bot_manager

def say(line):
    os.write(int(os.environ["ORBIT_READY_FD"]), (line + "\\n").encode())

lock = bot_manager.hold_lock(bot_manager.find_place())
if lock is None:
    sys.exit("a bot already runs here")
say("progress: opening the shop")
kind = os.environ.get("KIND", "good")
if kind == "broken":
    say("error: BOT_TOKEN is missing")
    say("error: TON_ADDRESS is missing")
    sys.exit(2)
if kind == "crashing":
    raise RuntimeError("the roof fell in")

def finish(*_):
    print("drained", flush=True)
    sys.exit(0)

signal.signal(signal.SIGTERM, signal.SIG_IGN if kind == "stubborn" else finish)
print("serving", flush=True)
say("ready")
while True:
    signal.pause()
"""


@dataclass
class Project:
    root: Path

    @property
    def place(self) -> bot_manager.Place:
        return bot_manager.Place(self.root, self.root / "data")

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if name != "DATA_DIR"}
        return subprocess.run(
            [sys.executable, "bot_manager.py", *arguments],
            cwd=self.root, env={**clean, **environment}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    root = tmp_path / "a shop with spaces"
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(PROJECT / "bot_manager.py", root)
    (root / "run.py").write_text(BOT)
    made = Project(root)
    yield made
    for data in (root / "data", root / "elsewhere"):
        pid = bot_manager.Place(root, data).pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)


def test_start_shows_progress_and_returns_once_the_bot_is_ready(project: Project) -> None:
    started = project.run("start")
    assert started.returncode == 0, started.stderr
    assert "opening the shop" in started.stdout
    assert f"process {project.place.pid()}" in started.stdout
    assert "serving" in project.run("logs").stdout


def test_a_second_start_is_refused_and_the_first_bot_goes_on(project: Project) -> None:
    project.run("start")
    pid = project.place.pid()
    second = project.run("start")
    assert second.returncode == 1
    assert "already runs" in second.stdout
    assert project.place.pid() == pid


def test_wrong_settings_are_all_shown(project: Project) -> None:
    started = project.run("start", KIND="broken")
    assert started.returncode == 1
    assert "BOT_TOKEN is missing\nTON_ADDRESS is missing" in started.stderr


def test_a_crash_at_the_start_shows_the_end_of_the_log(project: Project) -> None:
    started = project.run("start", KIND="crashing")
    assert started.returncode == 1
    assert "the roof fell in" in started.stderr


def test_status_tells_by_its_exit_code(project: Project) -> None:
    assert project.run("status").returncode == 3
    project.run("start")
    running = project.run("status")
    assert running.returncode == 0
    assert str(project.place.pid()) in running.stdout


def test_stop_lets_the_bot_finish(project: Project) -> None:
    project.run("start")
    stopped = project.run("stop")
    assert stopped.returncode == 0
    assert project.run("status").returncode == 3
    assert project.place.log_file.read_text().endswith("drained\n")


def test_stopping_what_is_stopped_is_no_error(project: Project) -> None:
    assert project.run("stop").returncode == 0


def test_restart_brings_another_process(project: Project) -> None:
    project.run("start")
    before = project.place.pid()
    assert project.run("restart").returncode == 0
    assert project.place.pid() not in (None, before)


def test_a_bot_that_does_not_end_is_ended_by_force_only(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_manager, "STOP_SECONDS", 0.2)
    project.run("start", KIND="stubborn")
    assert bot_manager.stop(project.place) == 1
    assert bot_manager.is_running(project.place)
    assert bot_manager.stop(project.place, force=True) == 0
    assert not bot_manager.is_running(project.place)


def test_a_killed_bot_counts_as_stopped_and_can_be_started_again(project: Project) -> None:
    project.run("start")
    pid = project.place.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert project.run("stop").returncode == 0
    assert project.run("start").returncode == 0


@pytest.mark.parametrize("line", ["DATA_DIR=elsewhere", "export DATA_DIR = 'elsewhere'", "DATA_DIR=elsewhere # disk 2"])
def test_the_data_folder_of_the_env_file_is_used(project: Project, line: str) -> None:
    (project.root / ".env").write_text(f"# DATA_DIR=no\n{line}\n")
    project.run("start")
    assert project.run("status").returncode == 0
    assert (project.root / "elsewhere" / "run" / "bot.pid").exists()
    assert not project.place.data.exists()


def test_a_log_grown_too_long_is_put_aside(project: Project) -> None:
    project.place.log_file.parent.mkdir(parents=True)
    project.place.log_file.write_bytes(b"x" * 20_000_001)
    project.run("start")
    assert project.place.log_file.read_text() == "serving\n"
    assert project.place.log_file.with_name("bot.log.1").stat().st_size == 20_000_001


def test_readiness_speaks_the_protocol_and_nothing_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    read_end, write_end = os.pipe()
    monkeypatch.setenv("ORBIT_READY_FD", str(write_end))
    readiness = Readiness.from_environment()
    readiness.progress("one")
    readiness.error("two\nthree")
    readiness.ready()
    with os.fdopen(read_end) as said:
        assert said.read() == "progress: one\nerror: two\nerror: three\n"
    assert "ORBIT_READY_FD" not in os.environ


def test_readiness_outlives_a_starter_that_went_away() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    readiness = Readiness(write_end)
    readiness.progress("to nobody")
    readiness.ready()
