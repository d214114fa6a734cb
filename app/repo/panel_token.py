"""Owns one panel's access token: shared through Redis, logged in for once. Must not send anything but the login."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from pydantic import Field

from app.repo.panel_answers import Answer, parsed
from app.repo.panel_errors import PanelAuthFailed, PanelError
from app.repo.panel_http import Ask, PanelHttp, content_of

if TYPE_CHECKING:
    from app.services.ports import Clock
    from app.services.records import PanelAccess

MARGIN = timedelta(seconds=60)
WITHOUT_EXPIRY = timedelta(minutes=20)
PAUSE_AFTER_REFUSAL = timedelta(seconds=30)


class Token(Answer):
    """What a login answers."""

    access_token: str = Field(repr=False, min_length=1)


class TokenCache(Protocol):
    """Where replicas share tokens; it swallows its own failures, so that a lost cache costs a login only."""

    async def get_cached(self, key: str) -> str | None:
        """The value under `key`, or None."""
        ...

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        """Keep `value` for `ttl` seconds."""
        ...

    async def delete_cache(self, key: str) -> None:
        """Forget `key`."""
        ...


class PanelToken:
    """The token of one panel. However many callers want one at once, one of them logs in."""

    def __init__(self, access: PanelAccess, http: PanelHttp, cache: TokenCache, clock: Clock) -> None:
        self._login_form = {"username": access.username, "password": access.password}
        self._instance_id = access.instance_id
        self._key = f"marzban:{access.instance_id}:token"
        self._http = http
        self._cache = cache
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._good_until = datetime.min.replace(tzinfo=UTC)
        self._paused_until = datetime.min.replace(tzinfo=UTC)
        self._logins = 0
        self._failure: PanelError | None = None

    async def current(self, refused: str | None = None) -> str:
        """A token other than `refused`, from here, from the cache or from a login.

        Raises PanelAuthFailed, without asking the panel for 30 s after it refused us; PanelUnavailable,
        PanelBadAnswer.
        """
        if token := self._held(refused):
            return token
        logins = self._logins
        async with self._lock:
            if token := self._held(refused):
                return token
            if self._logins != logins and self._failure is not None:
                # The login that this caller waited for has failed: its answer is this caller's too.
                raise type(self._failure)(*self._failure.args)
            return await self._shared(refused) or await self._login()

    def pause(self) -> None:
        """A token fresh from a login was refused: more logins would not help for now, and each alarms the owner."""
        self._paused_until = self._clock.now() + PAUSE_AFTER_REFUSAL

    def _held(self, refused: str | None) -> str | None:
        good = self._token != refused and self._clock.now() < self._good_until
        return self._token if good else None

    async def _shared(self, refused: str | None) -> str | None:
        cached = await self._cache.get_cached(self._key)
        if cached is None:
            return None
        if cached == refused:
            await self._cache.delete_cache(self._key)
            return None
        self._hold(cached)
        return self._held(refused)

    async def _login(self) -> str:
        if self._clock.now() < self._paused_until:
            raise PanelAuthFailed(self._instance_id, "login is paused after a refusal")
        self._logins += 1
        self._failure = None
        try:
            reply = await self._http.send(Ask("POST", "/api/admin/token", form=self._login_form, harmless=True))
            token = parsed(self._instance_id, Token, content_of(self._instance_id, reply)).access_token
        except PanelError as failure:
            self._failure = failure
            if isinstance(failure, PanelAuthFailed):
                self.pause()
            raise
        self._hold(token)
        lifetime = int((self._good_until - self._clock.now()).total_seconds())
        if lifetime > 0:
            await self._cache.set_cache(self._key, token, lifetime)
        else:
            # The panel's clock is far behind ours; while its token is not refused it is good.
            self._good_until = self._clock.now() + WITHOUT_EXPIRY
        return token

    def _hold(self, token: str) -> None:
        now = self._clock.now()
        expires_at = expiry_of(token) or now + WITHOUT_EXPIRY
        self._token = token
        # A quarter at most: of a token that lives a minute a whole minute's margin would leave nothing.
        self._good_until = expires_at - min(MARGIN, max(expires_at - now, timedelta()) / 4)


def expiry_of(token: str) -> datetime | None:
    """When a JWT ends by its own word, unverified; None where it says nothing readable, or 0."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        expires_at = claims.get("exp")
        return datetime.fromtimestamp(int(expires_at), UTC) if expires_at else None
    except (IndexError, ValueError, TypeError, AttributeError, OverflowError, OSError):
        return None
