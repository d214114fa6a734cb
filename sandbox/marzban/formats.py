"""Owns the subscription in each client's format; must not decide which client gets which."""

import base64
import html
import json

from sandbox.marzban.links import Endpoint, link, status_link
from sandbox.marzban.model import User

_SNI = "www.example.com"


def v2ray(user: User, ends: list[Endpoint]) -> str:
    """Write base64 of links; who may not connect gets one that only tells why."""
    links = [link(end) for end in ends] if user.status in {"active", "on_hold"} else [status_link(user.status)]
    return base64.b64encode("\n".join(links).encode()).decode("ascii")


def clash(ends: list[Endpoint]) -> str:
    """Write a clash profile; scalars are JSON, which YAML reads as well."""
    names = [end.remark for end in ends] or ["DIRECT"]
    lines = ["mode: rule", "mixed-port: 7890", "proxies:" if ends else "proxies: []"]
    lines += [f"  - {json.dumps(_clash_proxy(end), ensure_ascii=False)}" for end in ends]
    group = {"name": "Proxy", "type": "select", "proxies": names}
    lines += ["proxy-groups:", f"  - {json.dumps(group, ensure_ascii=False)}", "rules:", "  - MATCH,Proxy", ""]
    return "\n".join(lines)


def sing_box(ends: list[Endpoint]) -> str:
    """Write a sing-box profile."""
    tags = [end.remark for end in ends]
    selector = {"type": "selector", "tag": "Proxy", "outbounds": [*tags, "direct"]}
    outbounds = [selector, *(_sing_box_outbound(end) for end in ends), {"type": "direct", "tag": "direct"}]
    return json.dumps({"log": {"level": "warn"}, "outbounds": outbounds}, ensure_ascii=False)


def outline(ends: list[Endpoint]) -> str:
    """Write an outline profile, which knows shadowsocks only."""
    for end in ends:
        if end.inbound.protocol == "shadowsocks":
            account = {"method": end.secrets["method"], "password": end.secrets["password"]}
            return json.dumps(account | {"server": end.host, "server_port": end.inbound.port, "tag": end.remark})
    return "{}"


def page(user: User, ends: list[Endpoint]) -> str:
    """Write the page a browser sees."""
    items = "".join(f"<li><code>{html.escape(link(end))}</code></li>" for end in ends)
    name = html.escape(user.username)
    return f"<!doctype html><html><head><title>{name}</title></head><body><h1>{name}</h1><ul>{items}</ul></body></html>"


def _clash_proxy(end: Endpoint) -> dict[str, object]:
    proxy: dict[str, object] = {
        "name": end.remark,
        "type": {"shadowsocks": "ss"}.get(end.inbound.protocol, end.inbound.protocol),
        "server": end.host,
        "port": end.inbound.port,
        "udp": True,
    }
    match end.inbound.protocol:
        case "vless":
            reality = {"public-key": end.public_key, "short-id": end.short_id}
            proxy |= {"uuid": end.secrets["id"], "tls": True, "servername": _SNI, "reality-opts": reality}
        case "vmess":
            proxy |= {"uuid": end.secrets["id"], "alterId": 0, "cipher": "auto", "network": end.inbound.network}
        case "trojan":
            proxy |= {"password": end.secrets["password"], "sni": _SNI, "network": end.inbound.network}
        case _:
            proxy |= {"password": end.secrets["password"], "cipher": end.secrets["method"]}
    return proxy


def _sing_box_outbound(end: Endpoint) -> dict[str, object]:
    out: dict[str, object] = {
        "type": end.inbound.protocol,
        "tag": end.remark,
        "server": end.host,
        "server_port": end.inbound.port,
    }
    match end.inbound.protocol:
        case "vless":
            reality = {"enabled": True, "public_key": end.public_key, "short_id": end.short_id}
            utls = {"enabled": True, "fingerprint": "chrome"}
            tls = {"enabled": True, "server_name": _SNI, "reality": reality, "utls": utls}
            out |= {"uuid": end.secrets["id"], "flow": end.secrets.get("flow", ""), "tls": tls}
        case "vmess":
            out |= {"uuid": end.secrets["id"], "security": "auto", "transport": {"type": "ws", "path": "/vmess"}}
        case "trojan":
            tls = {"enabled": True, "server_name": _SNI}
            out |= {"password": end.secrets["password"], "tls": tls, "transport": {"type": "ws", "path": "/trojan"}}
        case _:
            out |= {"password": end.secrets["password"], "method": end.secrets["method"]}
    return out
