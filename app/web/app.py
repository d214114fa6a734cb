"""Owns which path leads where. Must not answer any request itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from app.web.health import Readiness, health
from app.web.webhook import PATH_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.web.ports import Check
    from app.web.telegram import TelegramDoor


def create_app(
    checks: Mapping[str, Check], telegram: TelegramDoor | None = None, more: Sequence[BaseRoute] = ()
) -> Starlette:
    """The ASGI app: health, readiness, Telegram's webhook where there is a door for it, and `more`."""
    routes: list[BaseRoute] = [
        Route("/health", health, methods=["GET"]),
        Route("/ready", Readiness(checks).__call__, methods=["GET"]),
        *more,
    ]
    if telegram is not None:
        routes.append(Route(f"{PATH_PREFIX}/{{path_token}}", telegram.__call__, methods=["POST"]))
    return Starlette(routes=routes)
