"""Owns the sandbox's caution: it finds settings that lead to real people or money; must not start anything."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

_TOKEN = re.compile(r"^\d{6,}:[A-Za-z0-9_-]{30,}$")
_ADDRESSES = ("TELEGRAM_API_URL", "TONAPI_URL", "CRYPTOBOT_API_URL", "YOOKASSA_API_URL", "RATES_URL")


def findings(settings: Mapping[str, str | None], source: str) -> Iterator[str]:
    """Tell what in these settings is real; the values themselves are never repeated."""
    if _TOKEN.match(settings.get("BOT_TOKEN") or ""):
        yield f"BOT_TOKEN in {source} looks like a real bot's token"
    if (settings.get("YOOKASSA_SECRET_KEY") or "").startswith("live_"):
        yield f"YOOKASSA_SECRET_KEY in {source} takes real money"
    for name in _ADDRESSES:
        if _is_public(settings.get(name) or ""):
            yield f"{name} in {source} names a public address"


def _is_public(url: str) -> bool:
    host = urlsplit(url if "//" in url else f"//{url}").hostname
    if host is None or host == "localhost":
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        # A name may lead anywhere tomorrow, so every name but localhost counts as public.
        return True
