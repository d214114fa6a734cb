"""The command that shows where payment providers bring their news. Shows what is secret: for the operator's eyes."""

from __future__ import annotations

import sys

import typer

from app.keyring import PAYMENT_PATHS, open_keyring
from app.web.payments import path
from config import Settings, SettingsError, load_settings


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
    if settings.cryptobot_token is None:
        return ["No payment method that brings its news is on. CryptoBot needs CRYPTOBOT_TOKEN."]
    if settings.webhook_url is None:
        return ["WEBHOOK_URL is not set: payments are found by asking every 30 seconds, and nothing is to be pasted."]
    where = "@CryptoTestnetBot" if settings.cryptobot_testnet else "@CryptoBot"
    public = str(settings.webhook_url).rstrip("/")
    key = open_keyring(settings).derive(PAYMENT_PATHS)
    return [f"CryptoBot: {public}{path(key, 'cryptobot')}", f"Paste it in {where}: Crypto Pay, My Apps, Webhooks."]
