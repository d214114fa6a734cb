"""Owns the fetching of a user's subscription from one panel: transport only. Must not decide what is done with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from app.repo.panel_errors import PanelBadAnswer, PanelInvalid, PanelUnavailable, PanelUserNotFound
from app.repo.panel_http import Door, cause_of, path_below
from app.repo.panel_reach import connector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.services.records import PanelAccess

# A customer's app waits for it, and there is a copy to fall back on.
FETCH_SECONDS = 3
SIDE_BY_SIDE = 16
MOST_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class PanelProfile:
    """A panel's answer with status 200, unread; names of headers in lower case."""

    media_type: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class SubscriptionHttp:
    """Connections for subscriptions only: however many apps ask, provisioning keeps its own places."""

    def __init__(self, *, timeout_seconds: float = FETCH_SECONDS, allow_private: bool = False) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._allow_private = allow_private
        self._session: aiohttp.ClientSession | None = None
        # A context of trust costs milliseconds to make; it lasts as long as the panel's row.
        self._doors: dict[str, tuple[PanelAccess, Door]] = {}

    async def get(
        self, access: PanelAccess, url: str, agent: str, form: str | None, device: Mapping[str, str] | None = None
    ) -> PanelProfile:
        """What stands at the path of `url` on this panel for the User-Agent `agent`, in format `form` where named.

        `device` are the headers that name one. Redirects are not followed. PanelUnavailable, PanelUserNotFound for a
        404, PanelInvalid for a 403, PanelBadAnswer.
        """
        door = self._door(access)
        base = door.base
        wanted = URL(f"{base}{path_below(str(base), url)}{f'/{form}' if form else ''}", encoded=True)
        # Packed bytes could grow beyond any bound when they are opened: they are neither wanted nor opened.
        headers = {"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "identity", **(device or {})}
        try:
            async with self._opened().get(wanted, headers=headers, ssl=door.tls, allow_redirects=False) as response:
                return await self._read(access.instance_id, response)
        except (aiohttp.ClientError, OSError) as error:
            raise PanelUnavailable(access.instance_id, cause_of(error)) from None

    async def close(self) -> None:
        """Close all connections; what is in flight fails."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _read(self, instance_id: str, response: aiohttp.ClientResponse) -> PanelProfile:
        if response.status >= 500 or response.status == 429:
            raise PanelUnavailable(instance_id, f"status {response.status}")
        # Marzban before 0.8 says of a link that has ended that there is nothing to say.
        if response.status in {204, 404}:
            raise PanelUserNotFound(instance_id, "no such subscription")
        if response.status == 403:
            raise PanelInvalid(instance_id, {"device": "refused"})
        if response.status != 200:
            raise PanelBadAnswer(instance_id, f"unexpected status {response.status}")
        body = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            body += chunk
            if len(body) > MOST_BYTES:
                raise PanelBadAnswer(instance_id, f"more than {MOST_BYTES} bytes")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return PanelProfile(response.content_type, headers, bytes(body))

    def _door(self, access: PanelAccess) -> Door:
        known = self._doors.get(access.instance_id)
        if known is None or known[0] != access:
            known = self._doors[access.instance_id] = access, Door(access, allow_private=self._allow_private)
        return known[1]

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=connector(allow_private=self._allow_private, limit=0, limit_per_host=SIDE_BY_SIDE),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                auto_decompress=False,
            )
        return self._session
