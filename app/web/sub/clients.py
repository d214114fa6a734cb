"""Owns who is asking: an app by its User-Agent or by the format in the path, or a person with a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.errors import NotFound
from app.services.subscription_records import Visit

if TYPE_CHECKING:
    from starlette.datastructures import Headers

MOST_HEADER = 256


@dataclass(frozen=True, slots=True)
class Client:
    """A kind of app, the format that it reads, and what people call it; empty where it may be any."""

    kind: str
    format: str
    name: str


LINKS = "v2ray"
# The formats that a Marzban panel knows by the path, and what each is read as.
NAMED = (LINKS, "v2ray-json", "sing-box", "clash-meta", "clash", "outline")
FORMATS = {name: Client(f"format:{name}", name, name) for name in NAMED}
# As Marzban 0.8.4 tells apps apart (app/routers/subscription.py). Apps that it may give JSON to, by its settings, are
# kinds of their own, so that no copy of one reaches another.
AGENTS = (
    (
        re.compile(r"clash-verge|clash[-.]?meta|flclash|mihomo", re.IGNORECASE),
        Client("clash-meta", "clash-meta", "Clash"),
    ),
    (re.compile(r"clash|stash", re.IGNORECASE), Client("clash", "clash", "Clash")),
    (re.compile(r"SF[AIMT]|karing|hiddifynext", re.IGNORECASE), Client("sing-box", "sing-box", "sing-box")),
    (re.compile(r"SS|outline|shadowsocks", re.IGNORECASE), Client("outline", "outline", "Outline")),
    (re.compile(r"v2rayNG/", re.IGNORECASE), Client("v2rayng", LINKS, "v2rayNG")),
    (re.compile(r"v2rayN/", re.IGNORECASE), Client("v2rayn", LINKS, "v2rayN")),
    (re.compile(r"streisand", re.IGNORECASE), Client("streisand", LINKS, "Streisand")),
    (re.compile(r"happ/", re.IGNORECASE), Client("happ", LINKS, "Happ")),
    (re.compile(r"v2raytun", re.IGNORECASE), Client("v2raytun", LINKS, "v2rayTun")),
    (re.compile(r"hiddify", re.IGNORECASE), Client("hiddify", LINKS, "Hiddify")),
)
OTHER = Client("other", LINKS, "")


def client_of(agent: str, form: str | None) -> Client:
    """The app that asks; NotFound for a format that there is not."""
    if form is not None:
        if form not in FORMATS:
            raise NotFound
        return FORMATS[form]
    return next((client for pattern, client in AGENTS if pattern.match(agent)), OTHER)


def is_person(client: Client, headers: Headers) -> bool:
    """Whether a page is wanted: only browsers ask for HTML, but for apps whose library does so for them."""
    return client is OTHER and "text/html" in headers.get("accept", "")


def visit_of(client: Client, agent: str, form: str | None, device: dict[str, str]) -> Visit:
    """What to ask the panel for."""
    return Visit(client.kind, agent, form, client.format == LINKS, device)


def passed_on(headers: Headers, name: str) -> str:
    """A header as far as it can be passed on: printable ASCII, bounded."""
    return "".join(letter for letter in headers.get(name, "")[:MOST_HEADER] if " " <= letter <= "~").strip()
