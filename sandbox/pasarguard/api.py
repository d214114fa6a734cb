"""Owns PasarGuard's endpoints under /api; must not hold their rules (panel.py)."""

from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta

from aiohttp import web

from sandbox import panel_asks
from sandbox.pasarguard import asks, links
from sandbox.pasarguard.model import Traffic, User
from sandbox.pasarguard.panel import Panel, written
from sandbox.refusals import RefusedError

_BEARER = "bearer "
_STATUSES = ("active", "on_hold", "disabled", "expired", "limited")
_SORTS = {"username", "used_traffic", "data_limit", "expire", "created_at"}


class Api:
    """The handlers of /api."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.post("/api/admin/token", self.login),
            web.get("/api/system", self.system),
            web.get("/api/nodes", self.nodes),
            web.get("/api/node/usage", self.node_usage),
            web.get("/api/groups", self.groups),
            web.get("/api/users", self.listing),
            web.post("/api/user", self.create),
            web.get("/api/user/{username}", self.get),
            web.put("/api/user/{username}", self.modify),
            web.delete("/api/user/{username}", self.delete),
            web.post("/api/user/{username}/reset", self.reset),
            web.post("/api/user/{username}/revoke_sub", self.revoke),
            web.get("/api/user/{number}/subscription/{format}", self.subscription),
        ]

    async def login(self, request: web.Request) -> web.Response:
        """Log in with a form."""
        token = self._panel.login(*await panel_asks.read_login(request))
        return web.json_response({"access_token": token, "token_type": "bearer"})

    async def system(self, request: web.Request) -> web.Response:
        """Show the panel's counters."""
        self._check(request)
        counts: defaultdict[str, int] = defaultdict(int)
        for username in self._panel.users:
            counts[self._panel.user(username).status] += 1
        answer = {f"{status}_users": counts[status] for status in _STATUSES}
        more = {"version": "5.2.1", "uptime_seconds": 1, "total_user": len(self._panel.users), "online_users": 0}
        return web.json_response(answer | more | {"incoming_bandwidth": 0, "outgoing_bandwidth": 0})

    async def nodes(self, request: web.Request) -> web.Response:
        """List the nodes."""
        self._check(request)
        nodes = [asdict(node) | {"core_version": "25.8.3", "message": None} for node in self._panel.nodes.values()]
        return web.json_response({"nodes": nodes, "total": len(nodes)})

    async def node_usage(self, request: web.Request) -> web.Response:
        """Sum traffic by hour, of hours that begin in the window, and by node where that is asked for."""
        self._check(request)
        start, end = (self._moment(request, name) for name in ("start", "end"))
        by_node = request.query.get("group_by_node") == "true"
        stats: defaultdict[int, list[dict[str, object]]] = defaultdict(list)
        for row in self._panel.traffic:
            if start <= row.hour < end:
                stats[row.node_id if by_node else -1].append(_hour(row))
        return web.json_response({"period": "hour", "start": written(start), "end": written(end), "stats": stats})

    async def groups(self, request: web.Request) -> web.Response:
        """List the groups."""
        self._check(request)
        groups = [asdict(group) | {"total_users": 0} for group in self._panel.groups.values()]
        return web.json_response({"groups": groups, "total": len(groups)})

    async def listing(self, request: web.Request) -> web.Response:
        """List users, without their links."""
        self._check(request)
        key = request.query.get("sort", "created_at").lstrip("-")
        if key not in _SORTS:
            raise RefusedError(422, {"sort": f"'{key}' is not a valid UserSortOption"})
        wanted = set(request.query.getall("username", [])) or set(self._panel.users)
        found = [self._panel.user(name) for name in self._panel.users if name in wanted]
        users = sorted(found, key=lambda user: getattr(user, key))
        offset = int(request.query.get("offset", 0))
        page = users[offset:][: int(request.query["limit"]) if "limit" in request.query else None]
        return web.json_response({"users": [_told(user, "") for user in page], "total": len(users)})

    async def create(self, request: web.Request) -> web.Response:
        """Make a user; 201."""
        self._check(request)
        return self._show(self._panel.create(await panel_asks.read(request, asks.UserCreate)), status=201)

    async def get(self, request: web.Request) -> web.Response:
        """Show a user."""
        return self._show(self._named(request))

    async def modify(self, request: web.Request) -> web.Response:
        """Change a user."""
        user = self._named(request)
        return self._show(self._panel.modify(user, await panel_asks.read(request, asks.UserModify)))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a user; 204 without a body."""
        del self._panel.users[self._named(request).username]
        return web.Response(status=204)

    async def reset(self, request: web.Request) -> web.Response:
        """Forget the traffic used."""
        return self._show(self._panel.reset(self._named(request)))

    async def revoke(self, request: web.Request) -> web.Response:
        """Give new secrets and a new link."""
        return self._show(self._panel.revoke(self._named(request)))

    async def subscription(self, request: web.Request) -> web.Response:
        """Show an admin what a user's apps get."""
        self._check(request)
        user = self._panel.numbered(request.match_info["number"])
        return links.answer(self._panel, user, request.match_info["format"])

    def _check(self, request: web.Request) -> None:
        header = request.headers.get("Authorization", "")
        if not header.lower().startswith(_BEARER):
            raise RefusedError(401, "Not authenticated")
        self._panel.check(header[len(_BEARER) :])

    def _named(self, request: web.Request) -> User:
        self._check(request)
        return self._panel.user(request.match_info["username"])

    def _moment(self, request: web.Request, name: str) -> datetime:
        default = self._panel.clock.now() - (timedelta(days=30) if name == "start" else timedelta())
        try:
            return datetime.fromisoformat(request.query[name]) if name in request.query else default
        except ValueError:
            raise RefusedError(422, {name: "Input should be a valid datetime"}) from None

    def _show(self, user: User, status: int = 200) -> web.Response:
        return web.json_response(_told(user, self._panel.subscription_path(user)), status=status)


def _told(user: User, subscription_url: str) -> dict[str, object]:
    return {
        "proxy_settings": {"vless": {"id": user.secret}, "trojan": {"password": user.secret}},
        "expire": written(user.expire),
        "data_limit": user.data_limit,
        "data_limit_reset_strategy": user.data_limit_reset_strategy,
        "note": user.note,
        "group_ids": user.group_ids,
        "hwid_limit": user.hwid_limit,
        "next_plan": None,
        "id": user.id,
        "username": user.username,
        "status": user.status,
        "used_traffic": user.used_traffic,
        "lifetime_used_traffic": user.traffic_before_resets + user.used_traffic,
        "created_at": written(user.created_at),
        "edit_at": None,
        "online_at": None,
        "subscription_url": subscription_url,
        "admin": None,
    }


def _hour(row: Traffic) -> dict[str, object]:
    return {"period_start": written(row.hour), "uplink": row.uplink, "downlink": row.downlink}
