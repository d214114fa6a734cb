"""The audit bites where money went back: whatever is changed by hand in receipts and refunds is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.repo.audit import INVARIANTS, breaks
from app.repo.audit.refunds import REFUNDS
from tests.integration.test_repo_audit import Inside
from tests.support.kassa_world import KassaShop, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.utils.redis import Cache

REVERSES = "every refund reverses a charge, of the same person and asset"
BEYOND = "no charge is given back beyond what it brought"
AFTERWARDS = "no charge that was given back is credited afterwards"
BOOKED = "every refund is booked once, and what was spent is a debt"
RECEIPT = "every booked refund has its receipt"
DONE = "every refund that is done is in the books"
ONE = "(SELECT min(key) FROM receipts WHERE direction = 'out' AND status = 'credited')"
CHANGES = {
    "UPDATE receipts SET charge = 'none' WHERE key = ONE": REVERSES,
    "UPDATE receipts SET user_id = 502 WHERE key = ONE": REVERSES,
    "UPDATE receipts SET asset = 'USD' WHERE key = ONE": REVERSES,
    "UPDATE receipts SET debt = 900 WHERE key = ONE": REVERSES,
    "UPDATE receipts SET credited = credited - 1 WHERE key = ONE": BEYOND,
    "UPDATE receipts SET asset_amount = asset_amount * 9 WHERE key = ONE": BEYOND,
    "UPDATE receipts SET status = 'credited', credited = 90, user_id = 501"
    " WHERE direction = 'in' AND status = 'unmatched'": AFTERWARDS,
    "UPDATE receipts SET debt = debt + 0.01 WHERE key = ONE": BOOKED,
    "DELETE FROM receipts WHERE key = ONE": RECEIPT,
    "UPDATE ledger_transactions SET key = key || '0' WHERE kind = 'refund'": RECEIPT,
    "DELETE FROM receipts WHERE direction = 'out'": DONE,
}


@pytest.fixture
async def shop(database: Database, cache: Cache) -> AsyncIterator[KassaShop]:
    """Charges that were given back whole, in parts, after they were spent, and without anybody's being credited."""
    async with open_shop(database, cache) as shop:
        await shop.arrives(502)
        whole, part = await shop.paid(), await shop.paid("300")
        await shop.gives_back(part, "100.00")
        await shop.refunds.refund("yookassa", whole)
        await shop.reconciliation.run_once()
        spent = await shop.paid("200")
        await shop.spends(350)
        await shop.refunds.refund("yookassa", spent)
        wish = {
            "amount": {"value": "90.00", "currency": "RUB"},
            "capture": True,
            "confirmation": {"type": "redirect", "return_url": "https://shop.example"},
        }
        await shop.refunds.refund("yookassa", await shop.pays(shop.till.create(wish, "theirs").id))
        assert await breaks(shop.database) == []
        yield shop


async def test_whatever_is_changed_of_what_went_back_is_named(shop: KassaShop) -> None:
    unnoticed = []
    for change, invariant in CHANGES.items():
        async with shop.database.transaction() as connection, connection.begin_nested() as undone:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            await connection.execute(text(change.replace("= ONE", f"= {ONE}")))
            found = {broken.invariant for broken in await breaks(Inside(connection))}
            await undone.rollback()
        unnoticed += [] if invariant in found else [(change, found)]
    assert unnoticed == []
    assert set(CHANGES.values()) == set(REFUNDS)
    assert REFUNDS.keys() <= INVARIANTS.keys()


async def test_the_database_refuses_a_refund_without_its_charge_and_keeps_every_receipt(shop: KassaShop) -> None:
    for change in ("UPDATE receipts SET charge = NULL WHERE direction = 'out'", "DELETE FROM receipts"):
        with pytest.raises(Exception, match=r"refund_has_charge|money history is kept"):
            await shop.database.run(text(change))
