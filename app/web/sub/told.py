"""Owns profiles that lead nowhere and tell why in the name of their only server, in each format. Knows no reason."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable

# Nobody's port on the reader's own machine: an app that connects all the same gets a refusal at once.
NOWHERE, PORT = "127.0.0.1", 1
NOBODY = "00000000-0000-0000-0000-000000000000"


def told(form: str, words: str) -> tuple[str, str]:
    """The body and its media type for a format of `clients.FORMATS`."""
    write, media_type = WRITERS[form]
    return write(words), media_type


def encoded(words: str) -> str:
    """Words for a header that apps show: headers are ASCII, so these come as base64, which they announce."""
    return f"base64:{base64.b64encode(words.encode()).decode()}"


def _links(words: str) -> str:
    link = f"vless://{NOBODY}@{NOWHERE}:{PORT}?encryption=none&security=none&type=tcp#{quote(words)}"
    return base64.b64encode(link.encode()).decode()


def _clash(words: str) -> str:
    # Scalars are JSON, which YAML reads as well.
    name = json.dumps(words, ensure_ascii=False)
    return (
        "mixed-port: 7890\nmode: rule\n"
        f"proxies:\n  - {{name: {name}, type: socks5, server: {NOWHERE}, port: {PORT}}}\n"
        f"proxy-groups:\n  - {{name: OrbitVPN, type: select, proxies: [{name}]}}\n"
        "rules:\n  - MATCH,OrbitVPN\n"
    )


def _sing_box(words: str) -> str:
    outbounds = [
        {"type": "selector", "tag": "OrbitVPN", "outbounds": [words]},
        {"type": "socks", "tag": words, "server": NOWHERE, "server_port": PORT},
    ]
    return json.dumps({"outbounds": outbounds, "route": {"final": "OrbitVPN"}}, ensure_ascii=False)


def _xray(words: str) -> str:
    server = {"address": NOWHERE, "port": PORT}
    outbound = {"tag": "proxy", "protocol": "socks", "settings": {"servers": [server]}}
    return json.dumps([{"remarks": words, "outbounds": [outbound]}], ensure_ascii=False)


def _outline(words: str) -> str:
    account = {"method": "chacha20-ietf-poly1305", "password": NOBODY}
    return json.dumps({**account, "server": NOWHERE, "server_port": PORT, "tag": words}, ensure_ascii=False)


WRITERS: dict[str, tuple[Callable[[str], str], str]] = {
    "v2ray": (_links, "text/plain"),
    "v2ray-json": (_xray, "application/json"),
    "sing-box": (_sing_box, "application/json"),
    "clash-meta": (_clash, "text/yaml"),
    "clash": (_clash, "text/yaml"),
    "outline": (_outline, "application/json"),
}
