"""Owns the subscription endpoints, open to whoever holds the link; must not know admins."""

import base64
import re
from collections.abc import Callable

from aiohttp import web

from sandbox.marzban import formats, lifecycle, query, wire
from sandbox.marzban.links import endpoints
from sandbox.marzban.model import User
from sandbox.marzban.panel import Panel
from sandbox.refusals import RefusedError

_CLIENTS = (
    (re.compile(r"^([Cc]lash-verge|[Cc]lash[-.]?[Mm]eta|[Ff][Ll][Cc]lash|[Mm]ihomo)"), "clash-meta"),
    (re.compile(r"^([Cc]lash|[Ss]tash)"), "clash"),
    (re.compile(r"^(SFA|SFI|SFM|SFT|[Kk]aring|[Hh]iddify[Nn]ext)"), "sing-box"),
    (re.compile(r"^(SS|Outline|Shadowsocks)"), "outline"),
)
_TYPES = {
    "clash-meta": "text/yaml",
    "clash": "text/yaml",
    "sing-box": "application/json",
    "outline": "application/json",
    "v2ray-json": "application/json",
    "v2ray": "text/plain",
}


class SubApi:
    """The handlers of /sub."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.get("/sub/{token}", self.by_client),
            web.get("/sub/{token}/", self.by_client),
            web.get("/sub/{token}/info", self.info),
            web.get("/sub/{token}/usage", self.usage),
            web.get("/sub/{token}/{kind}", self.forced),
        ]

    async def by_client(self, request: web.Request) -> web.Response:
        """Answer in the format of the client that asks, a page to a browser."""
        user = self._user(request)
        agent = request.headers.get("User-Agent", "")
        if "text/html" in request.headers.get("Accept", ""):
            return web.Response(text=formats.page(user, endpoints(self._panel, user)), content_type="text/html")
        user.sub_updated_at, user.sub_last_user_agent = self._panel.now(), agent
        kind = next((kind for pattern, kind in _CLIENTS if pattern.match(agent)), "v2ray")
        return self._answer(user, kind)

    async def forced(self, request: web.Request) -> web.Response:
        """Answer in the format named in the path."""
        user = self._user(request)
        kind = request.match_info["kind"]
        if kind not in _TYPES:
            raise RefusedError(422, {"client_type": "String should match pattern"})
        return self._answer(user, kind)

    async def info(self, request: web.Request) -> web.Response:
        """Show the user without the panel's private fields."""
        return web.json_response(wire.subscriber(self._panel, self._user(request)))

    async def usage(self, request: web.Request) -> web.Response:
        """Show what the user was billed at each node."""
        user = self._user(request)
        rows = query.within(request, user.hourly, self._panel.now())
        usages = self._panel.usage(rows, lambda row: {"used_traffic": row.billed})
        return web.json_response({"username": user.username, "usages": usages})

    def _user(self, request: web.Request) -> User:
        user = self._panel.subscriber(request.match_info["token"])
        lifecycle.review(self._panel, user)
        return user

    def _answer(self, user: User, kind: str) -> web.Response:
        ends = endpoints(self._panel, user)
        writers: dict[str, Callable[[], str]] = {
            "clash-meta": lambda: formats.clash(ends),
            "clash": lambda: formats.clash([end for end in ends if end.inbound.protocol != "vless"]),
            "sing-box": lambda: formats.sing_box(ends),
            "outline": lambda: formats.outline(ends),
            # Its clients read sing-box's JSON nowhere: only the outer shape is emulated.
            "v2ray-json": lambda: formats.sing_box(ends),
            "v2ray": lambda: formats.v2ray(user, ends),
        }
        return web.Response(text=writers[kind](), content_type=_TYPES[kind], headers=_headers(user))


def _headers(user: User) -> dict[str, str]:
    title = base64.b64encode(user.username.encode()).decode("ascii")
    total, expire = user.data_limit or 0, user.expire or 0
    return {
        "content-disposition": f'attachment; filename="{user.username}"',
        "profile-web-page-url": "",
        "support-url": "https://t.me/",
        "profile-title": f"base64:{title}",
        "profile-update-interval": "12",
        "subscription-userinfo": f"upload=0; download={user.used_traffic}; total={total}; expire={expire}",
    }
