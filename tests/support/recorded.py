"""A panel that answers what a running one of some version answered, recorded on loopback."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from app.panels.clients import PanelClients
from app.panels.port import PanelAuthFailed, PanelInvalid, PanelUserExists
from app.services.records import PanelAccess, PanelKind
from sandbox.clock import SandboxClock
from sandbox.serve import Server
from tests.support.panels import repository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.panels.port import NewPanelUser, Panel
    from app.utils.redis import Cache

CONTRACT = Path(__file__).parents[1] / "contract"


def versions(folder: str) -> list[str]:
    """The versions that were recorded."""
    return sorted(path.stem for path in (CONTRACT / folder).glob("*.json"))


class Recording:
    """A panel of one version: answers what was recorded, or the recording of that name where one is chosen."""

    def __init__(self, folder: str, version: str) -> None:
        self.version = version
        self.answers: dict[str, dict[str, Any]] = json.loads((CONTRACT / folder / f"{version}.json").read_text())
        self.chosen = ""

    async def handle(self, request: web.Request) -> web.Response:
        called = f"{request.method} {request.path}"
        if called == "POST /api/admin/token":
            return web.json_response({"access_token": "a.b.c", "token_type": "bearer"})
        answer = self.answers.get(f"{called} {self.chosen}") or self.answers[called]
        if "text" in answer:
            return web.Response(text=answer["text"], status=answer["status"])
        return web.json_response(answer["body"], status=answer["status"])


@asynccontextmanager
async def played(recording: Recording, kind: PanelKind, cache: Cache) -> AsyncIterator[Panel]:
    """The adapter of that kind before the recording."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", recording.handle)
    server = Server(app)
    url = await server.start()
    access = PanelAccess("s001", "One", url, "admin", "p4ssw0rd", 100, frozenset(), kind=kind)
    clients = PanelClients(repository(cache), SandboxClock(), 2, allow_private=True)
    try:
        yield clients.for_instance(access)
    finally:
        await clients.close()
        await server.stop()


async def refused(panel: Panel, recording: Recording, user: NewPanelUser) -> set[str]:
    """Tell each way in which this panel refuses from the others; the fields that it names where rubbish is sent."""
    assert await panel.get_user("orbit_9") is None
    await panel.delete_user("orbit_1")
    await panel.delete_user("orbit_9")
    recording.chosen = "again"
    with pytest.raises(PanelUserExists):
        await panel.create_user(user)
    recording.chosen = "unauthorised"
    with pytest.raises(PanelAuthFailed):
        await panel.health()
    recording.chosen = "refused"
    with pytest.raises(PanelInvalid) as invalid:
        await panel.create_user(user)
    return set(invalid.value.fields)
