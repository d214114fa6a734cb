"""Screens with a QR code: a config, an invoice. Draws, and asks nobody for anything."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

import segno

from app.core.keys import configs as configs_keys
from app.core.keys import topups as topups_keys
from app.core.screens.screen import Screen
from app.services.records import LinkInvoice

if TYPE_CHECKING:
    from app.locales.locales import Translator
    from app.services.records import AnyInvoice, Config, Usage

QR_SCALE = 8
QR_BORDER = 4


@lru_cache(maxsize=512)
def qr(content: str) -> bytes:
    """A QR code as PNG, dark on white, large enough for any phone's camera."""
    buffer = io.BytesIO()
    segno.make(content, error="m").save(buffer, kind="png", scale=QR_SCALE, border=QR_BORDER, dark="#17212b")
    return buffer.getvalue()


def config(t: Translator, shown: Config, usage: Usage | None) -> Screen:
    """A config that is ready: link, QR, expiry, traffic; one that is not: that it is being made."""
    url = shown.public_url or shown.subscription_url or shown.link
    if url is None:
        return Screen(t("vpn.delayed" if shown.is_delayed else "vpn.creating"), configs_keys.creating(t, shown.id))
    traffic = t.usage(usage.used_bytes, usage.limit_bytes) if usage else t.plain("config.traffic_unknown")
    text = t(
        "config.caption",
        name=shown.name,
        url=url,
        end=t.date(shown.expires_at),
        traffic=traffic,
        hint=t("config.hint_page" if shown.public_url else "config.hint"),
    )
    return Screen(text, configs_keys.config(t, shown, url), qr(url))


def invoice(t: Translator, shown: AnyInvoice) -> Screen:
    """How to pay: a link to follow, or where to send what, with the wallet's QR code."""
    if isinstance(shown, LinkInvoice):
        return _link_invoice(t, shown)
    text = t(
        "invoice.ton",
        amount=t.money(shown.amount),
        coins=shown.coins,
        asset=shown.asset.label,
        address=shown.address,
        comment=shown.comment,
        deadline=t.time(shown.expires_at),
    )
    return Screen(text, topups_keys.invoice(t, shown), qr(shown.ton_link))


def _link_invoice(t: Translator, shown: LinkInvoice) -> Screen:
    price = t.plain("invoice.stars", stars=shown.stars) if shown.stars is not None else t.money(shown.amount)
    text = t(
        "invoice.link",
        amount=t.money(shown.amount),
        method=t.plain(f"method.{shown.method}"),
        price=price,
        deadline=t.time(shown.expires_at),
    )
    return Screen(text, topups_keys.link_invoice(t, shown, price))
