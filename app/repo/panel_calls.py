"""Owns the calls to one panel with an account: logged in, reads repeated, writes never. Must not interpret users."""

from __future__ import annotations

import asyncio
import random
import re
from typing import TYPE_CHECKING

from app.repo.panel_errors import PanelBadAnswer, PanelInvalid, PanelUnavailable
from app.repo.panel_http import Ask, PanelHttp, PanelSession, content_of, path_below
from app.repo.panel_token import PanelToken, TokenCache

if TYPE_CHECKING:
    from app.services.ports import Clock
    from app.services.records import PanelAccess

# What every kind takes, alike in every database below it: longer names and capitals have traps on some.
USERNAME = re.compile(r"[a-z0-9_]{3,32}", re.ASCII)
GET_TRIES = 3
PAUSE_SECONDS = 0.1


class PanelCalls:
    """For panels that log in with a form at /api/admin/token and take the token as a bearer's."""

    def __init__(
        self,
        access: PanelAccess,
        session: PanelSession,
        cache: TokenCache,
        clock: Clock,
        timeout_seconds: float,
    ) -> None:
        self.instance_id = access.instance_id
        self.http = PanelHttp(access, session, timeout_seconds)
        self._base_url = access.base_url.strip().rstrip("/")
        self._token = PanelToken(access, self.http, cache, clock)

    async def get(self, path: str, params: dict[str, str] | None = None) -> object:
        """The JSON at `path`, asked for up to three times while the panel is unavailable."""
        ask = Ask("GET", path, params=params, harmless=True)
        for attempt in range(1, GET_TRIES):
            try:
                return await self.send(ask)
            except PanelUnavailable:
                jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spreads the repeats, guards nothing
                await asyncio.sleep(PAUSE_SECONDS * 2**attempt * jitter)
        return await self.send(ask)

    async def send(self, ask: Ask) -> object:
        """The JSON of the answer to one request, sent once; sent again only where the token was refused."""
        token = await self._token.current()
        reply = await self.http.send(ask, token)
        if reply.status == 401:
            # A refused token did nothing, so this is the one repeat that is safe for writes too.
            reply = await self.http.send(ask, await self._token.current(refused=token))
            if reply.status == 401:
                self._token.pause()
        return content_of(self.instance_id, reply)

    def path_of(self, username: str, below: str = "") -> str:
        """The path of a user; PanelInvalid for a name that is not of our kind."""
        if not USERNAME.fullmatch(username):
            raise PanelInvalid(self.instance_id, {"username": "only a-z, 0-9 and _, 3 to 32 of them"})
        return f"/api/user/{username}{below}"

    def check_name(self, answered: str, username: str) -> None:
        """PanelBadAnswer where the answer is another user's."""
        if answered != username:
            raise PanelBadAnswer(self.instance_id, "field username is another user's")

    def path_below(self, url: str) -> str:
        """The path of a link of the panel's below its base."""
        return path_below(self._base_url, url)

    def absolute(self, url: str) -> str:
        """A link of the panel's as a customer can open it: panels give it relative unless they are told their name."""
        is_absolute = url.startswith(("https://", "http://"))
        return url if is_absolute else f"{self._base_url}/{url.lstrip('/')}"
