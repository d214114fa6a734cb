"""Owns the agreement with Telegram about the webhook: its secret, its path, its registration. Must not serve it."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiogram import Bot
    from pydantic import SecretStr

    from config import Settings

log = structlog.get_logger()

PATH_PREFIX = "/telegram"
MAX_CONNECTIONS = 40

# What setWebhook accepts as secret_token, and long enough not to be guessed.
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


class WebhookNotPossible(Exception):
    """The settings don't allow a safe webhook; the text says what to change, and holds no value."""


def webhook_secret(given: SecretStr | None, derived: bytes) -> str:
    """The secret that Telegram sends along: WEBHOOK_SECRET, else one derived from the installation's own secret.

    WebhookNotPossible where the one given is unfit.
    """
    if given is not None:
        secret = given.get_secret_value()
        if not _SECRET.fullmatch(secret):
            raise WebhookNotPossible("WEBHOOK_SECRET must be 16 to 256 characters of A-Z, a-z, 0-9, _ and -")
        return secret
    return base64.urlsafe_b64encode(derived).decode().rstrip("=")


def path_token(secret: str) -> str:
    """The part of the path that keeps passers-by out; it doesn't give the secret away."""
    return hashlib.sha256(secret.encode()).hexdigest()[:32]


async def register(bot: Bot, settings: Settings, secret: str, allowed_updates: Sequence[str]) -> None:
    """Tell Telegram where to bring updates; those that wait are kept. WebhookNotPossible without WEBHOOK_URL."""
    if settings.webhook_url is None:
        raise WebhookNotPossible("WEBHOOK_URL is missing")
    await bot.set_webhook(
        f"{str(settings.webhook_url).rstrip('/')}{PATH_PREFIX}/{path_token(secret)}",
        secret_token=secret,
        allowed_updates=list(allowed_updates),
        max_connections=MAX_CONNECTIONS,
        drop_pending_updates=False,
    )
    log.info("webhook_registered", host=settings.webhook_url.host)
