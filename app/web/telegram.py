"""Owns the door for Telegram's webhook: who may enter, and what the answer means. Must not handle updates."""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from app.web.body import read_body
from app.web.webhook import path_token

if TYPE_CHECKING:
    from starlette.requests import Request

    from app.web.ports import UpdateIntake

SECRET_HEADER = b"x-telegram-bot-api-secret-token"
PATIENCE_SECONDS = 2.0
ROOM_SECONDS = 20.0


class TelegramDoor:
    """The endpoint of the webhook. 200 is said once the update is handled, or was in hand for `patience` seconds.

    Telegram brings an update again after any other answer: 503 while the intake stops or is full for long.
    """

    def __init__(self, intake: UpdateIntake, secret: str, *, patience: float = PATIENCE_SECONDS) -> None:
        if not secret:
            raise ValueError("a webhook without a secret would let anybody speak for Telegram")
        self._intake = intake
        self._secret = secret.encode()
        self._path_token = path_token(secret).encode()
        self._patience = patience

    async def __call__(self, request: Request) -> Response:
        """Check the sender before anything else, then take the update in hand."""
        if not hmac.compare_digest(request.path_params["path_token"].encode("utf-8", "replace"), self._path_token):
            return Response(status_code=404)
        if not self._is_telegram(request):
            return Response(status_code=401)
        if self._intake.stopping:
            return Response(status_code=503)
        raw = _parsed(await read_body(request))
        if raw is None:
            return Response(status_code=400)
        return Response(status_code=200 if await self._taken(raw) else 503)

    def _is_telegram(self, request: Request) -> bool:
        # Raw bytes: compare_digest refuses a str that isn't ASCII, and the sender chooses what comes.
        given = [value for name, value in request.headers.raw if name == SECRET_HEADER]
        return len(given) == 1 and hmac.compare_digest(given[0], self._secret)

    async def _taken(self, raw: dict[str, object]) -> bool:
        try:
            async with asyncio.timeout(ROOM_SECONDS):
                done = await self._intake.accept(raw)
        except TimeoutError:
            return False
        await asyncio.wait((done,), timeout=self._patience)
        return not done.cancelled()


def _parsed(body: bytes) -> dict[str, object] | None:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) else None
