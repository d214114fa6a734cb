"""Asks a provider over HTTP: within a deadline, a size and a few attempts, never redirected. Judges no answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import aiohttp

from app.payments.gateway.base import GatewayUnavailable
from app.payments.gateway.bounded import bounded_body
from app.payments.gateway.pacer import pause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

ResultT = TypeVar("ResultT")

ATTEMPTS = 3
_REQUEST_SECONDS = 10
_FIRST_DELAY = timedelta(milliseconds=300)
_LONGEST_DELAY = timedelta(seconds=5)
_BIGGEST_BODY = 8 * 1024 * 1024
_WORTH_ANOTHER_TRY = frozenset({429, 500, 502, 503, 504})


class TryAgain(Exception):
    """An attempt failed in a way that may pass; the text holds no secret."""


class Asking:
    """Requests to `base_url` with `headers`, which hold a secret and are shown to no one."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        headers: Mapping[str, str],
        sleep: Callable[[timedelta], Awaitable[None]] = pause,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._headers = headers
        self._sleep = sleep

    async def ask(
        self,
        verb: str,
        path: str,
        read: Callable[[int, bytes], ResultT],
        *,
        attempts: int = ATTEMPTS,
        query: Mapping[str, str] | None = None,
        wish: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ResultT:
        """What `read` makes of status and body, asked again where it raises TryAgain; GatewayUnavailable."""
        delay = _FIRST_DELAY
        for attempt in range(1, attempts + 1):
            try:
                return read(*await self._answer(verb, path, query, wish, headers or {}))
            except TryAgain as failure:
                if attempt == attempts:
                    raise GatewayUnavailable(str(failure)) from None
            await self._sleep(min(delay, _LONGEST_DELAY))
            delay *= 3
        raise AssertionError("every attempt returns, raises or leads to the next")

    async def _answer(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str] | None,
        wish: Mapping[str, object] | None,
        headers: Mapping[str, str],
    ) -> tuple[int, bytes]:
        try:
            async with self._session.request(
                verb,
                f"{self._base_url}{path}",
                params=query,
                json=wish,
                headers={**self._headers, **headers},
                # A redirect would carry the secret to a host nobody named.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_REQUEST_SECONDS),
            ) as response:
                if response.status in _WORTH_ANOTHER_TRY:
                    raise TryAgain(f"http_{response.status}")
                body = await bounded_body(response, _BIGGEST_BODY)
                if body is None:
                    raise GatewayUnavailable("answer_too_big")
                return response.status, body
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # The error's own text may quote the request; its kind says enough.
            raise TryAgain(type(error).__name__) from None


def word(given: object, status: int) -> str:
    """A provider's own word for a refusal, where it looks like one: anything else might quote what was sent."""
    return given if isinstance(given, str) and given.isidentifier() and len(given) <= 64 else f"http_{status}"
