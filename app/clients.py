"""Clients of the outside as the settings name it, for the bot and for every command. Asks nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.panels.clients import PanelClients
from app.payments.gateway.cryptopay import MAIN_NET, TEST_NET, CryptoPay
from app.payments.gateway.tonapi import TonApi

if TYPE_CHECKING:
    import aiohttp

    from app.repo.panels import PanelRepository
    from app.services.ports import Clock
    from config import Settings


def open_tonapi(settings: Settings, http: aiohttp.ClientSession) -> TonApi:
    """tonapi; without a key all that is asked of this one client shares its slow pace."""
    key = settings.tonapi_key
    return TonApi(http, str(settings.tonapi_url), key.get_secret_value() if key else None)


def open_crypto_pay(settings: Settings, http: aiohttp.ClientSession) -> CryptoPay | None:
    """Crypto Pay on the net that the settings name; None without a token."""
    token = settings.cryptobot_token
    if token is None:
        return None
    url = settings.cryptobot_api_url or (TEST_NET if settings.cryptobot_testnet else MAIN_NET)
    return CryptoPay(http, str(url), token.get_secret_value())


def open_panels(
    settings: Settings, panels: PanelRepository, clock: Clock, timeout_seconds: float | None = None
) -> PanelClients:
    """The panels' clients, each call within `timeout_seconds`, or what the settings say; close them."""
    seconds = settings.panel_timeout_seconds if timeout_seconds is None else timeout_seconds
    return PanelClients(panels, clock, seconds, allow_private=settings.panels_allow_private)
