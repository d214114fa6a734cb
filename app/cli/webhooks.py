"""The command that shows where payment providers bring their news. Shows what is secret: for the operator's eyes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from app.keyring import PAYMENT_PATHS, open_keyring
from app.web.payments import path
from config import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator


def register(app: typer.Typer) -> None:
    """Add `webhooks`."""
    app.command()(webhooks)


def webhooks() -> None:
    """Show the addresses to paste into the settings of payment providers."""
    try:
        settings = load_settings()
    except SettingsError as problem:
        print(problem, file=sys.stderr)
        raise typer.Exit(2) from None
    for line in _lines(settings):
        print(line)


def _lines(settings: Settings) -> list[str]:
    places = dict(_places(settings))
    if not places:
        return [
            "No payment method that brings its news is on. CryptoBot needs CRYPTOBOT_TOKEN, YooKassa YOOKASSA_SHOP_ID."
        ]
    if settings.webhook_url is None:
        return ["WEBHOOK_URL is not set: payments are found by asking every 30 seconds, and nothing is to be pasted."]
    public = str(settings.webhook_url).rstrip("/")
    key = open_keyring(settings).derive(PAYMENT_PATHS)
    return [line for name, where in places.items() for line in (f"{name}: {public}{path(key, name.lower())}", where)]


def _places(settings: Settings) -> Iterator[tuple[str, str]]:
    """The providers that are on, and where each takes an address."""
    if settings.cryptobot_token is not None:
        bot = "@CryptoTestnetBot" if settings.cryptobot_testnet else "@CryptoBot"
        yield "CryptoBot", f"Paste it in {bot}: Crypto Pay, My Apps, Webhooks."
    if settings.yookassa_shop_id is not None:
        yield "YooKassa", "Paste it in YooKassa: Integration, HTTP notifications; payment.succeeded, refund.succeeded."
