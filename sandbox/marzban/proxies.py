"""Owns the secrets of a user's proxies and which inbounds carry them; must not store anything."""

import secrets
import uuid
from collections.abc import Iterable, Mapping

from sandbox.marzban.model import Inbound
from sandbox.refusals import RefusedError


def settings(asked: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Fill in what was left out: a secret not given is always a new one, which on a change cuts the client off."""
    return {protocol: _fresh(protocol) | dict(given) for protocol, given in asked.items()}


def renewed(proxies: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Give every proxy a new secret and keep its other settings."""
    return settings({protocol: _without_secret(given) for protocol, given in proxies.items()})


def _without_secret(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name not in {"id", "password"}}


def _fresh(protocol: str) -> dict[str, str]:
    match protocol:
        case "vless":
            return {"id": str(uuid.uuid4()), "flow": ""}
        case "vmess":
            return {"id": str(uuid.uuid4())}
        case "trojan":
            return {"password": secrets.token_urlsafe(16), "flow": ""}
        case _:
            return {"password": secrets.token_urlsafe(16), "method": "chacha20-ietf-poly1305"}


def choose(
    asked: Mapping[str, list[str]] | None, protocols: Iterable[str], configured: Iterable[Inbound]
) -> dict[str, list[str]]:
    """Choose the tags of each protocol.

    Left out altogether means none, the panel's best known trap; `{}` means all, and so does a protocol not named.
    """
    tags: dict[str, list[str]] = {}
    for inbound in configured:
        tags.setdefault(inbound.protocol, []).append(inbound.tag)
    for protocol in protocols:
        if protocol not in tags:
            raise RefusedError(400, f"Protocol {protocol} is disabled on your server")
    if asked is None:
        return {protocol: [] for protocol in protocols}
    for protocol, wanted in asked.items():
        for tag in wanted:
            if tag not in tags.get(protocol, []):
                raise RefusedError(422, {"inbounds": f"Value error, Inbound {tag} doesn't exist"})
    return {protocol: asked.get(protocol) or tags[protocol] for protocol in protocols}
