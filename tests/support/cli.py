"""An operator's commands as processes, in a world of emulators beside the tests' own database."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from app.cli.__main__ import make_app
from config import ROOT
from sandbox.bot_process import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL
    from typer.testing import Result


def database_settings(url: URL) -> dict[str, str]:
    """What leads a command to this database, and lets it reach panels on this machine."""
    return {
        "PANELS_ALLOW_PRIVATE": "true",
        "DATABASE_HOST": url.host or "",
        "DATABASE_PORT": str(url.port),
        "DATABASE_USER": url.username or "",
        "DATABASE_PASSWORD": str(url.password),
        "DATABASE_NAME": url.database or "",
    }


def invoke(settings: Mapping[str, str], *command: str) -> Result:
    """What `./orbit …` comes to in this process."""
    return CliRunner().invoke(make_app(command[0]), list(command), env=dict(settings))


async def orbit(settings: Mapping[str, str], *command: str) -> tuple[int | None, str]:
    """The exit code of `./orbit …` and all that it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        *command,
        cwd=ROOT,
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()
