"""Owns the calls to one panel with an account: logged in, reads repeated, writes never. Must not interpret users."""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from app.repo.panel_errors import PanelBadAnswer, PanelInvalid, PanelUnavailable
from app.repo.panel_http import Ask, PanelHttp, PanelSession, Reply, checked, content_of
from app.repo.panel_token import PanelToken, TokenCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.repo.panel_http import Query
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
        self._http = PanelHttp(access, session, timeout_seconds)
        self._base_url = access.base_url.strip().rstrip("/")
        self._token = PanelToken(access, self._http, cache, clock)

    async def get(self, path: str, params: Query | None = None) -> object:
        """The JSON at `path`, asked for up to three times while the panel is unavailable."""
        return content_of(self.instance_id, await self._read(path, params))

    async def text(self, path: str) -> str:
        """The text at `path`, asked for as `get` does."""
        return (await self._read(path)).body.decode("utf-8", "replace")

    async def send(self, ask: Ask) -> object:
        """The JSON of the answer to one request, sent once; sent again only where the token was refused."""
        return content_of(self.instance_id, await self._sent(ask))

    async def token(self, refused: str | None = None) -> str:
        """A token other than `refused`, for what does not pass by here, such as sockets."""
        return await self._token.current(refused)

    async def _read(self, path: str, params: Query | None = None) -> Reply:
        ask = Ask("GET", path, params=params, harmless=True)
        for attempt in range(1, GET_TRIES):
            with suppress(PanelUnavailable):
                return checked(self.instance_id, await self._sent(ask))
            jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spreads the repeats, guards nothing
            await asyncio.sleep(PAUSE_SECONDS * 2**attempt * jitter)
        return checked(self.instance_id, await self._sent(ask))

    async def _sent(self, ask: Ask) -> Reply:
        token = await self._token.current()
        reply = await self._http.send(ask, token)
        if reply.status == 401:
            # A refused token did nothing, so this is the one repeat that is safe for writes too.
            reply = await self._http.send(ask, await self._token.current(refused=token))
            if reply.status == 401:
                self._token.pause()
        return reply

    def path_of(self, username: str, below: str = "") -> str:
        """The path of a user; PanelInvalid for a name that is not of our kind."""
        return f"/api/user/{self.checked(username)}{below}"

    def query_of(self, usernames: Sequence[str]) -> list[tuple[str, str]]:
        """What asks a list for these users only; PanelInvalid as for a path."""
        return [("username", self.checked(username)) for username in sorted(set(usernames))]

    def checked(self, username: str) -> str:
        """The name as it is; PanelInvalid for one that is not of our kind."""
        if not USERNAME.fullmatch(username):
            raise PanelInvalid(self.instance_id, {"username": "only a-z, 0-9 and _, 3 to 32 of them"})
        return username

    def check_name(self, answered: str, username: str) -> None:
        """PanelBadAnswer where the answer is another user's."""
        if answered != username:
            raise PanelBadAnswer(self.instance_id, "field username is another user's")

    def absolute(self, url: str) -> str:
        """A link of the panel's as a customer can open it: panels give it relative unless they are told their name."""
        is_absolute = url.startswith(("https://", "http://"))
        return url if is_absolute else f"{self._base_url}/{url.lstrip('/')}"
