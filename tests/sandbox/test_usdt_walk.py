"""A customer pays in USDT: chooses it, is shown what to send where, and is credited once the chain has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from app.domain.assets import Asset
from app.domain.money import Money
from app.repo.audit import breaks
from tests.support.shop_floor import INVOICE, ShopFloor, newest, shop_floor, shown

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database


async def test_a_top_up_in_usdt_is_shown_paid_and_credited(
    tmp_path: Path, database: Database, database_url: URL, redis: Redis
) -> None:
    async with shop_floor(tmp_path, database_url, redis, usdt_enabled=True) as floor:
        nina = await floor.customer()
        await floor.click(nina, "pay:usdt:40000")
        assert "5 USDT (TON)" in shown(nina)
        assert "jetton=EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs" in str(newest(nina).keyboard)
        await pays(floor, "fake_usdt")
        await pays(floor, "usdt")
        assert floor.app.cash.wallets is not None
        report = await floor.app.cash.wallets.run_once(Asset.USDT)
        assert report is not None
        assert report.credits == 1
        await floor.work()
        account = await floor.app.users.glance(nina.id)
        assert account is not None
        assert account.balance == Money.rub(400)
    assert await breaks(database) == []


async def pays(floor: ShopFloor, jetton: str) -> None:
    """Somebody sends what the newest invoice asks for, in that jetton."""
    (invoice,) = await floor.database.run(INVOICE)
    wish = {"from": "Nina", "to": floor.world.ton_address, "value_nano": invoice.nano, "comment": invoice.comment}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{floor.world.chain_url}/sim/transfer", json=wish | {"jetton": jetton}) as answer,
    ):
        assert answer.status == 200
