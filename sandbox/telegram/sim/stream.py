"""Owns the event stream of a chat at /sim/events; must not keep a watcher that left."""

import asyncio
import json

from aiohttp import web

from sandbox.telegram.events import Event, Watch
from sandbox.telegram.sim.asking import number, person_of
from sandbox.telegram.telegram import Telegram

_HEARTBEAT_SECONDS = 10.0


class Stream:
    """Server-sent events of one Telegram."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def add_routes(self, app: web.Application) -> None:
        """Serve /sim/events."""
        app.router.add_get("/sim/events", self.events)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send the news of a person's chat until the watcher leaves or the emulator closes."""
        person = person_of(self._telegram, number(request, "person"))
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        with self._telegram.events.watch(person.id) as watch:
            await response.prepare(request)
            # The first comment tells the watcher that nothing from here on is missed.
            await response.write(b": watching\n\n")
            await _relay(watch, response)
        return response


async def _relay(watch: Watch, response: web.StreamResponse) -> None:
    while True:
        try:
            async with asyncio.timeout(_HEARTBEAT_SECONDS):
                event = await watch.get()
        except TimeoutError:
            await response.write(b": heartbeat\n\n")
            continue
        if event is None:
            return
        await response.write(_encoded(event))


def _encoded(event: Event) -> bytes:
    return f"event: {event.name}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n".encode()
