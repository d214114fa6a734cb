"""An operator's commands inside the test, and what leads them to its database; as processes: warm_bot.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from app.cli.__main__ import make_app

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
