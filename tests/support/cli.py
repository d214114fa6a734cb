"""An operator's commands inside the test, and what leads them to its database; as processes: warm_bot.py."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import structlog
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
    """What `./orbit …` comes to in this process, whose log is quiet meanwhile and then as the tests have it.

    The command's own logging would be kept by every logger that speaks first under it, for all tests that follow.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module in ("context", "doctor"):
            patch.setattr(f"app.cli.{module}.configure_logging", _quiet)
        try:
            return CliRunner().invoke(make_app(command[0]), list(command), env=dict(settings))
        finally:
            structlog.reset_defaults()


def _quiet(**_: object) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
