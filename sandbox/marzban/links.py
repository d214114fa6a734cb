"""Owns the connection links of a user, real-looking in every protocol; must not decide who may have them."""

import base64
import hashlib
import json
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from sandbox.marzban.model import Inbound, User
from sandbox.marzban.panel import Panel

_SNI = "www.example.com"


@dataclass(frozen=True)
class Endpoint:
    """One inbound of one host with the user's secrets for it."""

    remark: str
    host: str
    inbound: Inbound
    secrets: dict[str, str]
    public_key: str
    short_id: str


def endpoints(panel: Panel, user: User) -> list[Endpoint]:
    """Every way the user may connect: each inbound at the master and at each node that has a host of its own."""
    hosts = [(panel.name, panel.address)] + [
        (node.name, node.address) for node in panel.nodes.values() if node.own_host
    ]
    key = base64.urlsafe_b64encode(hashlib.sha256(panel.secret).digest()).rstrip(b"=").decode("ascii")
    return [
        Endpoint(
            f"{name} ({user.username}) [{inbound.protocol.upper()} - {inbound.network}]",
            address,
            inbound,
            user.proxies[inbound.protocol],
            key,
            panel.secret[:8].hex(),
        )
        for inbound in panel.inbounds
        if inbound.tag in user.inbounds.get(inbound.protocol, [])
        for name, address in hosts
    ]


def link(end: Endpoint) -> str:
    """Write the link a client imports."""
    match end.inbound.protocol:
        case "vless":
            return _vless(end)
        case "vmess":
            return _vmess(end)
        case "trojan":
            return _trojan(end)
        case _:
            return _shadowsocks(end)


def status_link(text: str) -> str:
    """Write a link that leads nowhere and tells its reader why in its name."""
    nobody = "00000000-0000-0000-0000-000000000000"
    return f"vless://{nobody}@127.0.0.1:1?security=none&type=tcp&headerType=none#{quote(text)}"


def _vless(end: Endpoint) -> str:
    query = {
        "security": "reality",
        "type": end.inbound.network,
        "headerType": "",
        **({"flow": end.secrets["flow"]} if end.secrets.get("flow") else {}),
        "path": "",
        "host": "",
        "sni": _SNI,
        "fp": "chrome",
        "pbk": end.public_key,
        "sid": end.short_id,
    }
    return f"vless://{end.secrets['id']}@{end.host}:{end.inbound.port}?{urlencode(query)}#{quote(end.remark)}"


def _vmess(end: Endpoint) -> str:
    settings = {
        "add": end.host,
        "aid": "0",
        "host": "",
        "id": end.secrets["id"],
        "net": end.inbound.network,
        "path": "/vmess",
        "port": end.inbound.port,
        "ps": end.remark,
        "scy": "auto",
        "tls": end.inbound.tls,
        "type": "",
        "v": "2",
    }
    return "vmess://" + base64.b64encode(json.dumps(settings, sort_keys=True).encode()).decode("ascii")


def _trojan(end: Endpoint) -> str:
    query = {"security": "tls", "type": end.inbound.network, "headerType": "", "path": "/trojan", "sni": _SNI}
    password = quote(end.secrets["password"], safe="")
    return f"trojan://{password}@{end.host}:{end.inbound.port}?{urlencode(query)}#{quote(end.remark)}"


def _shadowsocks(end: Endpoint) -> str:
    account = base64.b64encode(f"{end.secrets['method']}:{end.secrets['password']}".encode()).decode("ascii")
    return f"ss://{account}@{end.host}:{end.inbound.port}#{quote(end.remark)}"
