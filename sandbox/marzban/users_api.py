"""Owns the endpoints of users; must not hold their rules (lifecycle.py)."""

from datetime import datetime

from aiohttp import web

from sandbox import panel_asks
from sandbox.marzban import asks, lifecycle, query, wire
from sandbox.marzban.guard import caller
from sandbox.marzban.model import Admin, User
from sandbox.marzban.panel import Panel
from sandbox.refusals import CrashError


class UsersApi:
    """The handlers of /api/user and /api/users."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.post("/api/user", self.create),
            web.get("/api/user/{username}", self.get),
            web.put("/api/user/{username}", self.modify),
            web.delete("/api/user/{username}", self.delete),
            web.post("/api/user/{username}/reset", self.reset),
            web.post("/api/user/{username}/revoke_sub", self.revoke),
            web.get("/api/user/{username}/usage", self.usage),
            web.get("/api/users", self.listing),
            web.get("/api/users/usage", self.usage_of_all),
            web.get("/api/users/expired", self.expired),
            web.delete("/api/users/expired", self.delete_expired),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Create a user; 200, not 201."""
        admin = caller(self._panel, request)
        asked = await panel_asks.read(request, asks.UserCreate)
        return self._show(lifecycle.create(self._panel, asked, admin))

    async def get(self, request: web.Request) -> web.Response:
        """Show a user."""
        return self._show(self._named(request))

    async def modify(self, request: web.Request) -> web.Response:
        """Change a user."""
        user = self._named(request)
        lifecycle.modify(self._panel, user, await panel_asks.read(request, asks.UserModify))
        return self._show(user)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a user, broken or not; an env admin's call ends in a crash though the user is gone."""
        admin = caller(self._panel, request)
        user = self._panel.owned(request.match_info["username"], admin)
        del self._panel.users[user.username]
        if admin.from_env:
            raise CrashError
        return web.json_response({"detail": "User successfully deleted"})

    async def reset(self, request: web.Request) -> web.Response:
        """Forget the traffic used."""
        user = self._named(request)
        lifecycle.reset(self._panel, user)
        return self._show(user)

    async def revoke(self, request: web.Request) -> web.Response:
        """Give new secrets and a new link."""
        user = self._named(request)
        lifecycle.revoke(self._panel, user)
        return self._show(user)

    async def usage(self, request: web.Request) -> web.Response:
        """Show what a user was billed at each node."""
        user = self._named(request)
        rows = query.within(request, user.hourly, self._panel.now())
        usages = self._panel.usage(rows, lambda row: {"used_traffic": row.billed})
        return web.json_response({"username": user.username, "usages": usages})

    async def usage_of_all(self, request: web.Request) -> web.Response:
        """Show what all visible users were billed at each node."""
        admin = caller(self._panel, request)
        every = [row for user in self._visible(admin) for row in user.hourly]
        rows = query.within(request, every, self._panel.now())
        return web.json_response({"usages": self._panel.usage(rows, lambda row: {"used_traffic": row.billed})})

    async def listing(self, request: web.Request) -> web.Response:
        """List users; one broken user breaks the list for everyone."""
        admin = caller(self._panel, request)
        asked = query.listing(request)
        if any(user.broken for user in self._panel.users.values()):
            raise CrashError
        found = asked.select(self._visible(admin))
        page = [wire.user(self._panel, user) for user in asked.page(found)]
        return web.json_response({"users": page, "total": len(found)})

    async def expired(self, request: web.Request) -> web.Response:
        """List the names of users expired or limited."""
        return web.json_response([user.username for user in self._expired(request)])

    async def delete_expired(self, request: web.Request) -> web.Response:
        """Delete users expired or limited."""
        gone = [user.username for user in self._expired(request)]
        for username in gone:
            del self._panel.users[username]
        return web.json_response(gone)

    def _expired(self, request: web.Request) -> list[User]:
        admin = caller(self._panel, request)
        after, before = query.moment(request, "expired_after"), query.moment(request, "expired_before")
        return [
            user
            for user in self._visible(admin)
            if user.status in {"expired", "limited"} and _between(user.expire, after, before)
        ]

    def _named(self, request: web.Request) -> User:
        user = self._panel.user(request.match_info["username"], caller(self._panel, request))
        lifecycle.review(self._panel, user)
        return user

    def _visible(self, admin: Admin) -> list[User]:
        users = [u for u in self._panel.users.values() if admin.is_sudo or u.owner.username == admin.username]
        for user in users:
            lifecycle.review(self._panel, user)
        return users

    def _show(self, user: User) -> web.Response:
        return web.json_response(wire.user(self._panel, user))


def _between(expire: int | None, after: datetime | None, before: datetime | None) -> bool:
    if after is not None and (expire or 0) < after.timestamp():
        return False
    return before is None or (expire or 0) <= before.timestamp()
