"""Owns what apps say of their device in headers, and how one that may not have the profile is told. Counts none itself.

Happ made the request's headers; the answer's are Remnawave's, which the apps know as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.services.devices import Admission, SeenDevice
from app.web.sub.clients import passed_on
from app.web.sub.told import encoded, told

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from app.locales.locales import Translator
    from app.services.subscription_records import Subscriber
    from app.web.sub.clients import Client

HWID, MODEL = "x-hwid", "x-device-model"
SYSTEM, VERSION = "x-device-os", "x-ver-os"
MOST_HWID, MOST_WORD = 256, 48
# A product of a User-Agent, as far as it can be a name.
PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9 ._+-]{0,31}", re.ASCII)
# After a place was made free an app should come back soon.
REFUSED_UPDATE_HOURS = 1
# What apps are told with every profile: that devices are counted here, and (Happ) to name theirs.
ACTIVE = {"x-hwid-active": "true", "subscription-always-hwid-enable": "1"}
FLAGS = {
    # v2rayTun asks for the second one.
    Admission.FULL: {"x-hwid-max-devices-reached": "true", "x-hwid-limit": "true"},
    Admission.UNNAMED: {"x-hwid-not-supported": "true"},
}


def device_of(headers: Headers, client: Client, agent: str) -> SeenDevice:
    """What the app says of itself; without a device's own name only its kind is told apart."""
    hwid = headers.get(HWID, "").strip()[:MOST_HWID]
    if not hwid:
        return SeenDevice(client.kind, client.name)
    product = PRODUCT.match(agent)
    system = f"{_words(headers.get(SYSTEM, ''))} {_words(headers.get(VERSION, ''))}".strip()
    return SeenDevice(
        kind=client.kind,
        app=product[0].strip() if product else client.name,
        hwid=hwid,
        model=_words(headers.get(MODEL, "")),
        system=system,
    )


def device_headers(headers: Headers) -> dict[str, str]:
    """What a panel that counts devices is told of this one; nothing of a device that names itself not."""
    told_of = {name: value for name in (HWID, MODEL, SYSTEM, VERSION) if (value := passed_on(headers, name))}
    return told_of if HWID in told_of else {}


def refusal(
    t: Translator, client: Client, admission: Admission, subscriber: Subscriber, most: int
) -> tuple[str, str, dict[str, str]]:
    """A profile that leads nowhere and tells why, its media type, and headers in which apps look for the reason."""
    devices = t.count("device", most)
    if admission is Admission.FULL:
        server, title = t.plain("sub.full_server", devices=devices), t.plain("sub.full_profile")
        announce = t.plain("sub.full_announce", devices=devices, name=subscriber.name)
    else:
        server, title = t.plain("sub.unnamed_server"), t.plain("sub.unnamed_profile")
        announce = t.plain("sub.unnamed_announce")
    body, media_type = told(client.format, server)
    headers = {
        **ACTIVE,
        **FLAGS[admission],
        "profile-title": encoded(title),
        "announce": encoded(announce),
        "profile-update-interval": str(REFUSED_UPDATE_HOURS),
    }
    return body, media_type, headers


def _words(given: str) -> str:
    """A header's words to be shown: they come as bytes, usually UTF-8, and may be anything."""
    text = given.encode("latin-1", "ignore").decode("utf-8", "ignore")
    return "".join(letter for letter in text if letter.isprintable()).strip()[:MOST_WORD].strip()
