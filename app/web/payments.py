"""The door for what payment providers bring. Reads bytes and answers; judges and books nothing itself."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Protocol

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.domain.errors import StorageUnavailable
from app.web.body import read_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

MOST_BYTES = 64 * 1024
PATH_PREFIX = "/payments"


class Desk(Protocol):
    """Judges a notification and books what it proves."""

    async def take(self, gateway: str, body: bytes, headers: Mapping[str, str], address: str | None) -> tuple[int, str]:
        """Status and text to answer with; 404 for a gateway that is off."""
        ...


def path_token(key: bytes, gateway: str) -> str:
    """The part of a gateway's path that keeps passers-by out; only who has the installation's key can tell it."""
    return hmac.new(key, gateway.encode(), hashlib.sha256).hexdigest()[:32]


def path(key: bytes, gateway: str) -> str:
    """Where a provider brings its notifications. The path is itself a key: it belongs in no log."""
    return f"{PATH_PREFIX}/{gateway}/{path_token(key, gateway)}"


class PaymentDoor:
    """POST /payments/{gateway}/{path_token}."""

    def __init__(self, desk: Desk, key: bytes) -> None:
        self._desk = desk
        self._key = key

    @property
    def route(self) -> Route:
        """Its place in the web application."""
        return Route(f"{PATH_PREFIX}/{{gateway}}/{{path_token}}", self.__call__, methods=["POST"])

    async def __call__(self, request: Request) -> Response:
        """What the gateway answers; 503 while the database is away, so that the provider comes again."""
        gateway = request.path_params["gateway"]
        given = request.path_params["path_token"].encode("utf-8", "replace")
        if not hmac.compare_digest(given, path_token(self._key, gateway).encode()):
            return PlainTextResponse("not found", 404)
        body = await read_body(request, most_bytes=MOST_BYTES)
        headers = {name.lower(): value for name, value in request.headers.items()}
        address = request.client.host if request.client else None
        try:
            status, text = await self._desk.take(gateway, body, headers, address)
        except StorageUnavailable:
            return PlainTextResponse("try again", 503)
        return PlainTextResponse(text, status)
