"""Owns what Marzban and the panels that grew out of it do alike. Must not know what a user looks like on any."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import structlog

from app.repo.panel_calls import PanelCalls
from app.repo.panel_errors import AmbiguousOutcome, PanelBadAnswer, PanelUserNotFound
from app.repo.panel_http import Ask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.repo.panel_http import PanelSession
    from app.repo.panel_records import ListedUser, PanelUser, UserPage
    from app.repo.panel_token import TokenCache
    from app.services.ports import Clock
    from app.services.records import PanelAccess

log = structlog.get_logger(__name__)


class PanelFamily(ABC):
    """One panel with users under /api/user: what app.panels.port.Panel promises, as far as the family does it alike."""

    def __init__(
        self,
        access: PanelAccess,
        session: PanelSession,
        cache: TokenCache,
        clock: Clock,
        timeout_seconds: float = 10,
    ) -> None:
        self.instance_id = access.instance_id
        self._access = access
        self._calls = PanelCalls(access, session, cache, clock, timeout_seconds)

    @abstractmethod
    async def get_user(self, username: str) -> PanelUser | None:
        """The user, or None where the panel says that there is none."""

    @abstractmethod
    def _page(self, content: object) -> UserPage:
        """The users of a list; PanelBadAnswer."""

    @abstractmethod
    def _user(self, content: object, username: str) -> PanelUser:
        """The user of an answer; PanelBadAnswer where it is none, or another one."""

    async def users(self, offset: int, limit: int) -> UserPage:
        """A page of users in the order of their names."""
        page = {"offset": str(offset), "limit": str(limit), "sort": "username"}
        return self._page(await self._calls.get("/api/users", page))

    async def named_users(self, usernames: Sequence[str]) -> tuple[ListedUser, ...]:
        """Those of these names; what the panel's database compares loosely is told apart here."""
        found = self._page(await self._calls.get("/api/users", self._calls.query_of(usernames))).users
        return tuple(user for user in found if user.username in usernames)

    async def set_expiry(self, username: str, expires_at: datetime | None) -> PanelUser:
        """Move the end; an end that was not taken over is a PanelBadAnswer."""
        expire = int(expires_at.timestamp()) if expires_at else 0
        user = await self._changed(username, {"expire": expire})
        return self._taken_over(user, "expire", is_so=(user.expire or 0) == expire)

    async def set_limit(self, username: str, data_limit_bytes: int) -> PanelUser:
        """Set the traffic; a user who was stopped by the limit goes on if the new one allows it."""
        user = await self._changed(username, {"data_limit": data_limit_bytes})
        return self._taken_over(user, "data_limit", is_so=(user.data_limit or 0) == data_limit_bytes)

    async def set_enabled(self, username: str, *, enabled: bool | None, note: str | None = None) -> PanelUser:
        """Take the user out of the core or put them back; connections that are open stay open for a while."""
        status = None if enabled is None else "active" if enabled else "disabled"
        said = (("status", status), ("note", note))
        user = await self._changed(username, {name: value for name, value in said if value is not None})
        return self._taken_over(user, "status", is_so=enabled is None or user.is_enabled is enabled)

    async def reset_usage(self, username: str) -> PanelUser:
        """Count from zero; a panel may forget its figures of this user by node as well."""
        return self._user(await self._calls.send(Ask("POST", self._calls.path_of(username, "/reset"))), username)

    async def rotate_credentials(self, username: str) -> PanelUser:
        """New secrets for every protocol, and a new link."""
        return self._user(await self._calls.send(Ask("POST", self._calls.path_of(username, "/revoke_sub"))), username)

    async def delete_user(self, username: str) -> None:
        """Delete, and look where the panel leaves doubt."""
        try:
            await self._calls.send(Ask("DELETE", self._calls.path_of(username)))
        except PanelUserNotFound:
            return
        except AmbiguousOutcome as doubt:
            if await self.get_user(username) is not None:
                raise
            # A Marzban whose account lives in its environment answers 500 and leaves the user in the running core.
            log.warning("panel_delete_in_doubt", instance_id=self.instance_id, reason=doubt.reason)

    async def token(self, refused: str | None = None) -> str:
        """As PanelToken.current has it."""
        return await self._calls.token(refused)

    async def _changed(self, username: str, body: dict[str, object]) -> PanelUser:
        # Nothing but the change: secrets sent along would replace the user's and cut every client off.
        return self._user(await self._calls.send(Ask("PUT", self._calls.path_of(username), body=body)), username)

    def _taken_over(self, user: PanelUser, field: str, *, is_so: bool) -> PanelUser:
        if not is_so:
            raise PanelBadAnswer(self.instance_id, f"field {field} was not taken over")
        return user
