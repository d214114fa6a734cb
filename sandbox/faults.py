"""Owns the script of misbehaviour an emulator follows on demand; must not know any emulator's answers."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import TypeAdapter, ValidationError

Action = Literal["delay", "error", "drop_before", "drop_after", "garbage", "rate_limit", "hang"]


@dataclass(frozen=True)
class Fault:
    """One misbehaviour: where it strikes, what it does, how often (times -1 = for ever) and after how many calls."""

    match: str
    action: Action
    times: int = 1
    skip: int = 0
    status: int = 500
    seconds: float = 0
    contains: str = ""

    def strikes(self, name: str, body: str) -> bool:
        """Tell whether a call of this name (a method or a path) with this body is meant."""
        named = self.match == "*" or self.match in name
        return self.times != 0 and named and self.contains in body


Shape = Callable[[Fault], web.Response]


class FaultScript:
    """The faults still to come, first added first taken."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault behind the others."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Behave well from now on."""
        self._faults.clear()

    def listing(self) -> list[Fault]:
        """Return what is still to come, with the counts that remain."""
        return list(self._faults)

    def take(self, match_name: str, body: str) -> Fault | None:
        """Return the fault that strikes this call and count it as used, or None; a skip is used up here as well."""
        for place, fault in enumerate(self._faults):
            if not fault.strikes(match_name, body):
                continue
            if fault.skip > 0:
                self._faults[place] = replace(fault, skip=fault.skip - 1)
                continue
            self._use_up(place, fault)
            return fault
        return None

    def _use_up(self, place: int, fault: Fault) -> None:
        if fault.times == 1:
            del self._faults[place]
        elif fault.times > 1:
            self._faults[place] = replace(fault, times=fault.times - 1)


def drop(request: web.Request) -> web.Response:
    """Cut the connection without an answer; the response returned is never written."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def apply(fault: Fault, request: web.Request, handler: Handler, shape: Shape) -> web.StreamResponse:
    """Carry a fault out; shape words the emulator's own error and rate-limit answers."""
    match fault.action:
        case "delay":
            await asyncio.sleep(fault.seconds)
            return await handler(request)
        case "hang":
            # Ends with the client's patience or with the server: both cancel the handler.
            await asyncio.Event().wait()
        case "drop_after":
            # A refusal is lost on the way like any other answer.
            with suppress(web.HTTPException):
                await handler(request)
            return drop(request)
        case "drop_before":
            return drop(request)
        case "garbage":
            return web.Response(body=b'<html>\x00{"ok": tru', content_type="text/html")
        case "error" | "rate_limit":
            return shape(fault)
    raise AssertionError(fault.action)


def middleware(script: FaultScript, shape: Shape) -> Middleware:
    """Build the middleware that lets the script strike every path but /sim, matched by `METHOD path?query`."""

    @web.middleware
    async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/sim/"):
            return await handler(request)
        body = (await request.read()).decode("utf-8", "replace")
        fault = script.take(f"{request.method} {request.path_qs}", body)
        if fault is None:
            return await handler(request)
        return await apply(fault, request, handler, shape)

    return strike


def add_routes(app: web.Application, script: FaultScript) -> None:
    """Serve the script at /sim/faults: GET lists, POST adds one, DELETE forgets all."""
    adapter = TypeAdapter(Fault)

    async def listing(_request: web.Request) -> web.Response:
        return web.json_response([asdict(fault) for fault in script.listing()])

    async def add(request: web.Request) -> web.Response:
        try:
            fault = adapter.validate_json(await request.read())
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=400)
        script.add(fault)
        return web.json_response(asdict(fault))

    async def clear(_request: web.Request) -> web.Response:
        script.clear()
        return web.json_response([])

    app.router.add_get("/sim/faults", listing)
    app.router.add_post("/sim/faults", add)
    app.router.add_delete("/sim/faults", clear)
