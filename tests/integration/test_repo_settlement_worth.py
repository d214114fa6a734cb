"""What SQL credits is what the rule in app/domain/ton.py says, to the kopeck."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.assets import Asset
from app.domain.money import Money
from app.domain.ton import credit_for, quoted_nano
from tests.support.books import NOW, Books

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

LATE_RATE = "187.654321"
NOBODY_YET = count(1000)


class Case(NamedTuple):
    """A transfer of `nano` for an invoice of `amount`, quoted as `quoted` nanotons at `rate`."""

    nano: int
    quoted: int
    amount: Money
    rate: Decimal


def around(amount: int, rate: str) -> list[Case]:
    """The amounts at which the rule turns, for one invoice."""
    rub, asked = Decimal(rate), quoted_nano(Money(amount), Decimal(rate))
    near = [asked - 10**6, asked - 1, asked, asked + 1, asked + 10**6, asked // 2, asked * 3, 1]
    return [Case(nano, asked, Money(amount), rub) for nano in near]


TABLE = [
    *around(40_000, "220"),
    *around(5_000, "219.123457"),
    *around(10_000_000, "0.010001"),
    *around(12_345, "98765.432109"),
    *around(1, "333.333333"),
]


async def credited(
    books: Books, cases: list[Case], *, late: bool = False, asset: Asset = Asset.TON
) -> list[Money]:
    """What each case came to when all were settled on one page."""
    owner = next(NOBODY_YET)
    await books.arrive(owner)
    at = NOW + timedelta(minutes=11 if late else 1)
    invoices = [
        await books.invoice(owner, c.amount.decimal, c.rate, nano=c.quoted, asset=asset) for c in cases
    ]
    page = [
        books.transfer(invoice, case.nano, at=at, asset=asset) for invoice, case in zip(invoices, cases, strict=True)
    ]
    settlement = await books.settle(*page, late=LATE_RATE)
    worth = {credit.payment_id: credit.amount for credit in settlement.credits}
    assert await books.balance(owner) == sum(worth.values(), Money(0))
    return [worth.get(invoice.id, Money(0)) for invoice in invoices]


def rule(case: Case, asset: Asset = Asset.TON) -> Money:
    return credit_for(case.nano, case.quoted, case.amount, case.rate, asset)


@pytest.fixture
def books(database: Database, cache: Cache) -> Books:
    return Books(database, cache)


async def test_table_of_forty_cases_is_credited_by_the_rule(books: Books) -> None:
    assert len(TABLE) == 40
    assert await credited(books, TABLE) == [rule(case) for case in TABLE]
    await books.are_right()


async def test_the_table_late_is_credited_at_the_rate_of_arrival_rounded_down(books: Books) -> None:
    worth = [(Decimal(LATE_RATE) * case.nano / 10**9).quantize(Decimal("0.01"), ROUND_DOWN) for case in TABLE]
    assert await credited(books, TABLE, late=True) == [Money.rub(rubles) for rubles in worth]
    await books.are_right()


CASES = st.builds(
    Case,
    nano=st.integers(1, 10**13),
    quoted=st.integers(1, 10**13),
    amount=st.integers(1, 10**9).map(Money),
    rate=st.decimals("0.000001", "99999", places=6),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=st.lists(CASES, min_size=1, max_size=12), asset=st.sampled_from(Asset))
async def test_any_transfer_is_credited_by_the_rule(books: Books, cases: list[Case], asset: Asset) -> None:
    assert await credited(books, cases, asset=asset) == [rule(case, asset) for case in cases]
