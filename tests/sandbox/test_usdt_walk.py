"""A customer pays in USDT: chooses it, is shown what to send where, and is credited once the chain has it."""

from __future__ import annotations

import aiohttp

from app.domain.assets import Asset
from app.domain.money import Money
from app.repo.audit import breaks
from tests.support.shop_floor import INVOICE, ShopFloor, newest, shown


async def test_a_top_up_in_usdt_is_shown_paid_and_credited(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.click(nina, "pay:usdt:40000")
    assert "5 USDT (TON)" in shown(nina)
    assert "jetton=EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs" in str(newest(nina).keyboard)
    (invoice,) = await floor.database.run(INVOICE)
    assert invoice.nano == 5_000_000
    wish = {"from": "Nina", "to": floor.world.ton_address, "value_nano": invoice.nano, "comment": invoice.comment}
    async with aiohttp.ClientSession() as http:
        for jetton in ("fake_usdt", "usdt"):
            async with http.post(f"{floor.world.chain_url}/sim/transfer", json=wish | {"jetton": jetton}) as answer:
                assert answer.status == 200
    assert floor.app.cash.wallets is not None
    report = await floor.app.cash.wallets.run_once(Asset.USDT)
    assert report is not None
    assert report.credits == 1
    await floor.work()
    account = await floor.app.users.glance(nina.id)
    assert account is not None
    assert account.balance == Money.rub(400)
    assert await breaks(floor.database) == []
