"""Owns what PasarGuard gives client apps, and the door that they come by; must not know admins."""

import base64
import json
import re
from urllib.parse import quote

from aiohttp import web

from sandbox.pasarguard.model import User
from sandbox.pasarguard.panel import Panel
from sandbox.refusals import RefusedError

_CLIENTS = (
    (re.compile(r"clash|mihomo|stash", re.IGNORECASE), "clash_meta"),
    (re.compile(r"^SF[AIMT]|karing|hiddify", re.IGNORECASE), "sing_box"),
)
_TYPES = {
    "links": "text/plain",
    "links_base64": "text/plain",
    "xray": "application/json",
    "sing_box": "application/json",
    "clash": "text/yaml",
    "clash_meta": "text/yaml",
    "outline": "application/json",
}


class SubApi:
    """The handlers of /sub, open to whoever holds the link."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [web.get("/sub/{token}", self.by_client), web.get("/sub/{token}/{format}", self.forced)]

    async def by_client(self, request: web.Request) -> web.Response:
        """Answer in the format of the client that asks, to as many devices as the user may have."""
        user = self._panel.subscriber(request.match_info["token"])
        self._panel.admit(user, request.headers.get("X-HWID"))
        agent = request.headers.get("User-Agent", "")
        form = next((form for pattern, form in _CLIENTS if pattern.search(agent)), "links_base64")
        return answer(self._panel, user, form)

    async def forced(self, request: web.Request) -> web.Response:
        """Answer in the format named in the path."""
        user = self._panel.subscriber(request.match_info["token"])
        self._panel.admit(user, request.headers.get("X-HWID"))
        return answer(self._panel, user, request.match_info["format"])


def links_of(panel: Panel, user: User) -> list[str]:
    """One link for each inbound of the user's groups that are on."""
    tags = [
        tag
        for group_id in user.group_ids
        if not panel.groups[group_id].is_disabled
        for tag in panel.groups[group_id].inbound_tags
    ]
    return [f"{_scheme(tag)}://{user.secret}@203.0.113.7:443?type=tcp#{quote(f'{panel.name} {tag}')}" for tag in tags]


def answer(panel: Panel, user: User, form: str) -> web.Response:
    """What an app reads, or 422 for a format that there is not."""
    if form not in _TYPES:
        raise RefusedError(422, {"client_type": "Input should be 'links', 'links_base64', …"})
    links = links_of(panel, user) if user.status in {"active", "on_hold"} else []
    text = "\n".join(links)
    if form == "links_base64":
        text = base64.b64encode(text.encode()).decode()
    elif form != "links":
        text = json.dumps({"outbounds": links})
    expire = int(user.expire.timestamp()) if user.expire else 0
    told = f"upload=0; download={user.used_traffic}; total={user.data_limit or 0}; expire={expire}"
    return web.Response(text=text, content_type=_TYPES[form], headers={"subscription-userinfo": told})


def _scheme(tag: str) -> str:
    return {"vless": "vless", "trojan": "trojan"}.get(tag.partition(" ")[0].lower(), "ss")
