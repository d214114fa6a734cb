"""Owns the calls to Marzban panels (API 0.8.4): transport only. Must not choose a panel or decide what a user means."""

from __future__ import annotations

import asyncio
import random
import re
from typing import TYPE_CHECKING

import aiohttp
import structlog

from app.repo.marzban_errors import (
    AmbiguousOutcome,
    PanelAuthFailed,
    PanelBadAnswer,
    PanelError,
    PanelInvalid,
    PanelUnavailable,
    PanelUserExists,
    PanelUserNotFound,
)
from app.repo.marzban_http import IN_FLIGHT, Ask, PanelHttp, content_of
from app.repo.marzban_models import (
    Core,
    Inbounds,
    ListedUser,
    NewPanelUser,
    Node,
    Nodes,
    NodesUsage,
    NodeUsage,
    PanelUser,
    System,
    UserPage,
    parsed,
)
from app.repo.marzban_token import PanelToken, TokenCache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.repo.marzban_http import Query
    from app.services.ports import Clock
    from app.services.records import PanelAccess

__all__ = [
    "AmbiguousOutcome",
    "Core",
    "Inbounds",
    "ListedUser",
    "MarzbanClient",
    "MarzbanClients",
    "NewPanelUser",
    "Node",
    "NodeUsage",
    "PanelAuthFailed",
    "PanelBadAnswer",
    "PanelError",
    "PanelInvalid",
    "PanelUnavailable",
    "PanelUser",
    "PanelUserExists",
    "PanelUserNotFound",
    "System",
    "TokenCache",
    "UserPage",
]

log = structlog.get_logger(__name__)

USERNAME = re.compile(r"[a-z0-9_]{3,32}", re.ASCII)
GET_TRIES = 3
PAUSE_SECONDS = 0.1


class MarzbanClient:
    """One panel. Reads are repeated on failure, writes never; every method raises subclasses of PanelError only."""

    def __init__(
        self,
        access: PanelAccess,
        session: aiohttp.ClientSession,
        cache: TokenCache,
        clock: Clock,
        timeout_seconds: float = 10,
    ) -> None:
        self.instance_id = access.instance_id
        self._base_url = access.base_url.strip().rstrip("/")
        self._http = PanelHttp(access, session, timeout_seconds)
        self._token = PanelToken(access, self._http, cache, clock)

    async def nodes(self) -> tuple[Node, ...]:
        """All nodes in any state, without the master core. Needs a sudo account."""
        return parsed(self.instance_id, Nodes, await self._get("/api/nodes")).root

    async def nodes_usage(self, start: datetime, end: datetime) -> tuple[NodeUsage, ...]:
        """Bytes of each node and the master core between two aware instants, in the panel's whole hours. Needs sudo."""
        # With the offset spelled out: a panel reads a naive instant in its own time zone.
        window = {"start": start.isoformat(timespec="seconds"), "end": end.isoformat(timespec="seconds")}
        return parsed(self.instance_id, NodesUsage, await self._get("/api/nodes/usage", window)).usages

    async def system(self) -> System:
        """The panel's counters of users."""
        return parsed(self.instance_id, System, await self._get("/api/system"))

    async def inbounds(self) -> Inbounds:
        """What the panel offers, by protocol."""
        return parsed(self.instance_id, Inbounds, await self._get("/api/inbounds"))

    async def core(self) -> Core:
        """Whether the master core runs."""
        return parsed(self.instance_id, Core, await self._get("/api/core"))

    async def create_user(self, user: NewPanelUser) -> PanelUser:
        """Make a user on all inbounds of vless and vmess.

        PanelUserExists, PanelInvalid; after AmbiguousOutcome and PanelBadAnswer the user may exist.
        """
        self._checked(user.username)
        # Asked for anew each time: one protocol too many is refused, and none at all breaks the panel's own lists.
        proxies = (await self.inbounds()).proxies()
        if not proxies:
            raise PanelInvalid(self.instance_id, {"proxies": "the panel has neither vless nor vmess"})
        content = await self._call(Ask("POST", "/api/user", body=user.payload(proxies)))
        made = self._user(content, user.username)
        if not made.links:
            raise PanelBadAnswer(self.instance_id, "field links is empty")
        return made

    async def get_user(self, username: str) -> PanelUser | None:
        """The user, or None where the panel says that there is none."""
        try:
            return self._user(await self._get(f"/api/user/{self._checked(username)}"), username)
        except PanelUserNotFound:
            return None

    async def users(self, offset: int, limit: int) -> UserPage:
        """At most `limit` users, one or more, from the `offset`th on, in the order of their names."""
        page = {"offset": str(offset), "limit": str(limit), "sort": "username"}
        return parsed(self.instance_id, UserPage, await self._get("/api/users", page))

    async def named_users(self, usernames: Sequence[str]) -> tuple[ListedUser, ...]:
        """Those of up to a hundred names that the panel has, in no order; a panel may compare names loosely."""
        wanted = {self._checked(username) for username in usernames}
        names = [("username", username) for username in sorted(wanted)]
        found = parsed(self.instance_id, UserPage, await self._get("/api/users", names)).users
        return tuple(user for user in found if user.username in wanted)

    async def set_limit(self, username: str, data_limit_bytes: int) -> PanelUser:
        """Set how much traffic the user may have, 0 is no bound. PanelUserNotFound; repeating it does no harm."""
        body: dict[str, object] = {"data_limit": data_limit_bytes}
        user = self._user(await self._call(Ask("PUT", f"/api/user/{self._checked(username)}", body=body)), username)
        if (user.data_limit or 0) != data_limit_bytes:
            raise PanelBadAnswer(self.instance_id, "field data_limit was not taken over")
        return user

    async def set_expiry(self, username: str, expires_at: datetime) -> PanelUser:
        """Move the end to an instant, whole seconds. PanelUserNotFound; repeating it does no harm."""
        # Nothing but the expiry: proxies sent along would give the user new secrets and cut every client off.
        expire = int(expires_at.timestamp())
        content = await self._call(Ask("PUT", f"/api/user/{self._checked(username)}", body={"expire": expire}))
        user = self._user(content, username)
        if user.expire != expire:
            raise PanelBadAnswer(self.instance_id, "field expire was not taken over")
        return user

    async def delete_user(self, username: str) -> None:
        """Make sure that there is no such user; one that is gone already is fine."""
        try:
            await self._call(Ask("DELETE", f"/api/user/{self._checked(username)}"))
        except PanelUserNotFound:
            return
        except AmbiguousOutcome as doubt:
            if await self.get_user(username) is not None:
                raise
            # A panel whose account lives in its environment answers 500 and leaves the user in the running core.
            log.warning("panel_delete_in_doubt", instance_id=self.instance_id, reason=doubt.reason)

    async def _get(self, path: str, params: Query | None = None) -> object:
        for attempt in range(1, GET_TRIES):
            try:
                return await self._call(Ask("GET", path, params=params, harmless=True))
            except PanelUnavailable:
                jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spreads the repeats, guards nothing
                await asyncio.sleep(PAUSE_SECONDS * 2**attempt * jitter)
        return await self._call(Ask("GET", path, params=params, harmless=True))

    async def _call(self, ask: Ask) -> object:
        token = await self._token.current()
        reply = await self._http.send(ask, token)
        if reply.status == 401:
            # A refused token did nothing, so this is the one repeat that is safe for writes too.
            reply = await self._http.send(ask, await self._token.current(refused=token))
            if reply.status == 401:
                self._token.pause()
        return content_of(self.instance_id, reply)

    def _checked(self, username: str) -> str:
        if not USERNAME.fullmatch(username):
            raise PanelInvalid(self.instance_id, {"username": "only a-z, 0-9 and _, 3 to 32 of them"})
        return username

    def _user(self, content: object, username: str) -> PanelUser:
        user = parsed(self.instance_id, PanelUser, content)
        if user.username != username:
            raise PanelBadAnswer(self.instance_id, "field username is another user's")
        return user.model_copy(update={"subscription_url": self._absolute(user.subscription_url)})

    def _absolute(self, url: str) -> str:
        is_absolute = url.startswith(("https://", "http://"))
        return url if is_absolute else f"{self._base_url}/{url.lstrip('/')}"


class MarzbanClients:
    """The clients of all panels, each with connections of its own; made when first wanted."""

    def __init__(self, cache: TokenCache, clock: Clock, timeout_seconds: float = 10) -> None:
        self._cache = cache
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._clients: dict[str, tuple[PanelAccess, MarzbanClient]] = {}

    def for_instance(self, access: PanelAccess) -> MarzbanClient:
        """The client of this panel, made anew where the row changed; calls in flight end on the old one."""
        known = self._clients.get(access.instance_id)
        if known is not None and known[0] == access:
            return known[1]
        session = self._session(access.instance_id)
        client = MarzbanClient(access, session, self._cache, self._clock, self._timeout_seconds)
        self._clients[access.instance_id] = (access, client)
        return client

    async def close(self) -> None:
        """Close all connections; calls in flight fail."""
        sessions, self._sessions = self._sessions, {}
        self._clients.clear()
        for session in sessions.values():
            await session.close()

    def _session(self, instance_id: str) -> aiohttp.ClientSession:
        if instance_id not in self._sessions:
            self._sessions[instance_id] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=IN_FLIGHT), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._sessions[instance_id]
