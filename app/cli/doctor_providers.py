"""How the doctor asks payment providers whether they know the shop. Shows no secret, changes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.cli.finding import Finding
from app.payments.gateway.base import GatewayUnavailable
from app.payments.gateway.yookassa_api import YooKassa

if TYPE_CHECKING:
    import aiohttp

    from config import Settings

ANSWER_SECONDS = 10
ENABLED = "enabled"


async def yookassa(settings: Settings, http: aiohttp.ClientSession) -> Finding:
    """Whether YooKassa takes the shop's key, and whether the shop may take money."""
    key = settings.yookassa_secret_key
    if settings.yookassa_shop_id is None or key is None:
        return Finding("YooKassa", is_well=True, said="off: YOOKASSA_SHOP_ID is not set")
    api = YooKassa(http, str(settings.yookassa_api_url), settings.yookassa_shop_id, key.get_secret_value())
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            me = await api.me()
    except (GatewayUnavailable, TimeoutError) as problem:
        return Finding("YooKassa", is_well=False, said=f"does not answer well: {str(problem) or 'timeout'}")
    kind = "a test shop: no real money comes" if me.test else "a shop for real money"
    return Finding("YooKassa", me.status == ENABLED, said=f"knows the shop, {me.status}, {kind}")
