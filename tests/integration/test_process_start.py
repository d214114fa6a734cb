"""boton.sh and botoff.sh in a copy of the project, against emulators: what an operator sees from the first start on."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.bot_process import environment
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
# What a clone does not hold, and tests, which no start needs.
LEFT_OUT = (".*", "data", "tests", "__pycache__", "node_modules")


@dataclass
class Clone:
    """A copy of the project with the environment of this one, and the settings for a world."""

    root: Path
    world: World

    async def run(self, script: str, *arguments: str, **changes: str) -> tuple[int, str]:
        """The exit code and what was printed."""
        env = environment(self.world.env()) | changes
        process = await asyncio.create_subprocess_exec(
            str(self.root / script),
            *arguments,
            cwd="/",
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, printed.decode()


@pytest.fixture
async def clone(tmp_path: Path) -> AsyncIterator[Clone]:
    root = tmp_path / "a clone"
    shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    lend_environment(root)
    world = World(tmp_path / "world", panels=1)
    await world.start()
    made = Clone(root, world)
    yield made
    await made.run("botoff.sh", "--force")
    await world.stop()


def lend_environment(root: Path) -> None:
    """Give the copy this project's packages; `orbit` finds them up to date and installs nothing."""
    (root / ".venv").mkdir()
    for part in (PROJECT / ".venv").iterdir():
        if part.name != "orbit-stamp":
            (root / ".venv" / part.name).symlink_to(part)
    files = subprocess.run(["cksum", "uv.lock", "pyproject.toml"], cwd=root, check=True, capture_output=True, text=True)
    (root / ".venv" / "orbit-stamp").write_text(f"dev\n{files.stdout}")


async def test_a_bot_starts_once_says_that_it_runs_and_stops_in_order(clone: Clone) -> None:
    assert await clone.run("botoff.sh") == (0, "The bot is not running.\n")

    code, said = await clone.run("boton.sh", BOT_TOKEN="1000001:mistyped")
    assert code == 1
    assert "The bot did not start.\nTelegram does not know BOT_TOKEN" in said
    assert "Traceback" not in said
    assert (await clone.run("bot_manager.py", "status"))[0] == 3

    code, said = await clone.run("boton.sh")
    assert code == 0, said
    assert "The bot runs (process" in said
    code, said = await clone.run("boton.sh")
    assert code == 1
    assert "already runs" in said
    assert (await clone.run("bot_manager.py", "status"))[0] == 0
    code, said = await clone.run("orbit", "panels", "list")
    assert "s001" in said

    code, said = await clone.run("botoff.sh")
    assert (code, said.splitlines()[-1]) == (0, "The bot has stopped.")
    assert (await clone.run("bot_manager.py", "status"))[0] == 3
    log = (clone.world.home / "bot" / "logs" / "bot.log").read_text()
    assert "event=stopped updates_cut=0" in log
    assert "Traceback" not in log
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_of(pid, clone.world.home)]


def _is_of(pid: str, home: Path) -> bool:
    """Whether a process works on files in that folder, as the embedded servers do."""
    try:
        return str(home).encode() in Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return False
