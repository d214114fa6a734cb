"""Screens with a QR code: a config, an invoice. Draws, and asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.keys import configs as configs_keys
from app.core.keys import topups as topups_keys
from app.core.screens import checkout, codes
from app.core.screens.screen import Screen
from app.locales.locales import Markup
from app.services.records import LinkInvoice

if TYPE_CHECKING:
    from app.locales.locales import Translator
    from app.services.records import AnyInvoice, Config, Usage


def config(t: Translator, shown: Config, usage: Usage | None) -> Screen:
    """A config that is ready: link, QR, expiry, traffic; one that is not: that it is being made."""
    url = address_of(shown)
    if url is None:
        return being_made(t, shown)
    traffic = t.usage(usage.used_bytes, usage.limit_bytes) if usage else t.plain("config.traffic_unknown")
    text = t(
        "config.caption",
        name=shown.name,
        url=url,
        end=t.date(shown.expires_at),
        traffic=traffic,
        place=_place(t, shown),
        hint=t("config.hint_page" if shown.public_url else "config.hint"),
    )
    return Screen(text, configs_keys.config(t, shown, url), codes.branded(url))


def address_of(shown: Config) -> str | None:
    """What an app is given: the shop's own link, else the panel's, else the bare key; None while it is being made."""
    return shown.public_url or shown.subscription_url or shown.link


def being_made(t: Translator, shown: Config) -> Screen:
    """That the config is being made, or takes longer."""
    return Screen(t("vpn.delayed" if shown.is_delayed else "vpn.creating"), configs_keys.creating(t, shown.id))


def _place(t: Translator, shown: Config) -> Markup:
    """A line on where the config stands, where panels say; an honest one where that is not what was wished."""
    wished = None if shown.wished_country is None else t.country(shown.wished_country)
    if shown.is_moving:
        line = t("config.place_moving_best") if wished is None else t("config.place_moving", country=wished)
    elif wished is not None and shown.country != shown.wished_country:
        line = t("config.place_instead", country=wished)
        if shown.country is not None:
            line = Markup(f"{t('config.place', country=t.country(shown.country))}\n{line}")
    elif shown.country is not None:
        line = t("config.place", country=t.country(shown.country))
    else:
        return Markup()
    return Markup(f"\n{line}")


def invoice(t: Translator, shown: AnyInvoice) -> Screen:
    """How to pay: a link to follow, or where to send what, with the wallet's QR code."""
    if isinstance(shown, LinkInvoice):
        return _link_invoice(t, shown)
    text = t(
        "invoice.ton",
        title=_title(t, shown),
        then=_then(t, shown),
        coins=shown.coins,
        asset=shown.asset.label,
        address=shown.address,
        comment=shown.comment,
        deadline=t.time(shown.expires_at),
    )
    return Screen(text, topups_keys.invoice(t, shown), codes.bare(shown.ton_link))


def _title(t: Translator, shown: AnyInvoice) -> str:
    """What the money is for."""
    amount = t.money(shown.amount)
    if shown.wish is None:
        return t.plain("invoice.title", amount=amount)
    thing = checkout.what(t, shown.wish.plan, is_gift=shown.wish.is_gift)
    return t.plain("invoice.title_wish", what=thing, amount=amount)


def _then(t: Translator, shown: AnyInvoice) -> Markup:
    """What happens once it is paid."""
    if shown.wish is None:
        return t("invoice.then")
    return t("invoice.then_gift" if shown.wish.is_gift else "invoice.then_wish")


def _link_invoice(t: Translator, shown: LinkInvoice) -> Screen:
    price = t.plain("invoice.stars", stars=shown.stars) if shown.stars is not None else t.money(shown.amount)
    text = t(
        "invoice.link",
        title=_title(t, shown),
        then=_then(t, shown),
        method=t.plain(f"method.{shown.method}"),
        price=price,
        deadline=t.time(shown.expires_at),
    )
    return Screen(text, topups_keys.link_invoice(t, shown, price))
