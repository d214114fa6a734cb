"""Money that waits goes to an account once and for ever, and a balance moves by a sum with a reason."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.money import ZERO, Money
from app.repo.receipts import LOCK_CHARGE, REFUND
from app.repo.refunds import RefundRepository
from app.services.operators import Refusal, Refused, worth_as_told
from app.services.refunds import RefundStatus
from tests.support.books import NOW, Books, blocked
from tests.support.office import COIN, Office

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache


@pytest.fixture
async def office(database: Database, cache: Cache) -> Office:
    books = Books(database, cache)
    await books.arrive(1)
    await books.arrive(7, 8, inviter=1)
    return Office(books, cache)


async def log_of(office: Office) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for row in await office.books.rows(
            "SELECT who, action, key, user_id, amount::text, reason FROM operator_log ORDER BY id"
        )
    ]


async def test_coins_that_named_nobody_become_balance_with_bonus_notice_and_log(office: Office) -> None:
    reference = await office.coins(COIN * 3 // 2)
    assert await office.gives(reference[:16], 7) == Money.rub(330)
    assert await office.books.ledger() == [
        ("referral:7", "bonuses", Money.rub(-50)),
        ("referral:7", "wallet:1", Money.rub(50)),
        (reference, "gateway:ton", Money.rub(-330)),
        (reference, "wallet:7", Money.rub(330)),
    ]
    assert await log_of(office) == [("olga", "assign", reference, 7, "330.00", None)]
    told = await office.books.rows("SELECT recipient, kind, facts->>'amount' FROM notices ORDER BY recipient")
    assert [tuple(row) for row in told] == [(1, "referral_bonus", "50.00"), (7, "payment_confirmed", "330.00")]
    assert await office.waiting() == []
    await office.books.are_right()


@pytest.mark.parametrize(
    ("gateway", "asset", "units", "rubles"),
    [("stars", "XTR", 100, "135"), ("cryptobot", "RUB", 40050, "400.50"), ("stars", "XTR", 7, "9.45")],
)
async def test_a_charge_of_a_gateway_is_worth_what_its_asset_is(
    office: Office, gateway: str, asset: str, units: int, rubles: str
) -> None:
    reference = await office.charge(gateway, "17", asset, units)
    assert await office.waiting() == [reference]
    assert await office.gives(reference, 7) == Money.rub(rubles)
    await office.books.are_right()


async def test_what_has_no_known_worth_needs_the_operators_word(office: Office) -> None:
    reference = await office.charge("cryptobot", "18", "USD", 1234)
    with pytest.raises(Refused, match=Refusal.NO_WORTH):
        await office.gives(reference, 7)
    money = await office.desk.find(reference)
    assert await office.desk.assign(money, 7, worth_as_told(money, Money.rub("999.99"))) == Money.rub("999.99")
    await office.books.are_right()


@pytest.mark.parametrize("nano", [1, 7, COIN, 123_456_789_012_345])
async def test_coins_are_worth_what_the_operator_says(office: Office, nano: int) -> None:
    money = await office.desk.find(await office.coins(nano))
    assert await office.desk.assign(money, 7, worth_as_told(money, Money.rub("77.77"))) == Money.rub("77.77")
    await office.books.are_right()


async def test_of_many_operators_at_once_one_wins_and_the_others_are_told(office: Office) -> None:
    for reference in (await office.coins(), await office.charge()):
        desks = [office.desk_of(f"operator {number}") for number in range(6)]
        answers = await asyncio.gather(
            *(office.gives(reference, 7 + number % 2, desk) for number, desk in enumerate(desks)),
            return_exceptions=True,
        )
        refused = [answer.refusal for answer in answers if isinstance(answer, Refused)]
        assert refused == [Refusal.CREDITED] * 5
    assert len(await log_of(office)) == 2
    await office.books.are_right()


async def test_giving_and_setting_aside_at_once_is_one_of_the_two(office: Office) -> None:
    money = await office.desk.find(await office.coins())
    answers = await asyncio.gather(
        office.gives(money.reference, 7), office.desk.dismiss(money, "a test of ours"), return_exceptions=True
    )
    assert len([answer for answer in answers if isinstance(answer, Refused)]) == 1
    await office.books.are_right()


@pytest.mark.parametrize("reference", ["", "ton", "ton:", "ton:ffff", "mars:1", "17", "ton:%", "ton:_"])
async def test_a_reference_of_nothing_is_refused(office: Office, reference: str) -> None:
    await office.coins()
    with pytest.raises(Refused, match=Refusal.UNKNOWN):
        await office.desk.find(reference)


async def test_a_piece_that_fits_two_is_refused_and_a_whole_key_is_not(office: Office) -> None:
    for key in ("20", "2", "21", "310", "311"):
        await office.charge(key=key)
    with pytest.raises(Refused, match=Refusal.AMBIGUOUS):
        await office.desk.find("stars:31")
    assert (await office.desk.find("stars:2")).key == "2"
    assert (await office.desk.find("stars:310")).key == "310"


async def test_a_person_without_an_account_gets_nothing(office: Office) -> None:
    with pytest.raises(Refused, match=Refusal.NO_ACCOUNT):
        await office.gives(await office.coins(), 999)
    assert len(await office.waiting()) == 1


async def test_money_with_the_code_of_an_invoice_goes_to_its_owner_only(office: Office) -> None:
    invoice = await office.books.invoice(7)
    dust = office.books.transfer(invoice, 1)
    await office.books.settle(dust)
    money = await office.desk.find(f"ton:{dust.hash}")
    with pytest.raises(Refused, match=Refusal.OTHERS):
        await office.desk.assign(money, 8, worth_as_told(money, Money.rub(1)))
    assert await office.desk.assign(money, 7, worth_as_told(money, Money.rub(1))) == Money.rub(1)
    await office.books.are_right()


async def test_a_charge_that_is_being_given_back_is_not_given_away(office: Office, database: Database) -> None:
    reference = await office.charge()
    refunds = RefundRepository(database, office.store.cache)
    money = await office.desk.find(reference)
    await refunds.ask("stars", "charge-1", NOW)
    with pytest.raises(Refused, match=Refusal.REFUNDED):
        await office.gives(reference, 7)
    with pytest.raises(Refused, match=Refusal.REFUNDED):
        await office.desk.assign(money, 7, worth_as_told(money, Money.rub(135)))
    assert await office.waiting() == []
    await refunds.close("stars", "charge-1", RefundStatus.REFUSED, NOW)
    assert await office.gives(reference, 7) == Money.rub(135)
    await office.books.are_right()


async def test_an_assigned_charge_can_be_refunded_once(office: Office) -> None:
    await office.gives(await office.charge(), 7)
    await office.takes_back()
    await office.takes_back()
    assert await office.books.balance(7) == Money.rub(0)
    await office.books.are_right()


async def test_what_is_set_aside_is_kept_with_its_reason_and_listed_no_more(office: Office) -> None:
    reference = await office.coins()
    await office.desk.dismiss(await office.desk.find(reference), "my own transfer")
    assert await office.waiting() == []
    assert await log_of(office) == [("olga", "dismiss", reference, None, None, "my own transfer")]
    with pytest.raises(Refused, match=Refusal.DISMISSED):
        await office.gives(reference, 7)
    await office.books.are_right()


async def test_an_adjustment_moves_the_balance_once_for_its_key(office: Office) -> None:
    for _ in range(3):
        assert await office.adjusts(7, 100) == Money.rub(100)
    assert await office.adjusts(7, "-30.50", "k2") == Money.rub("69.50")
    assert await office.books.ledger() == [
        ("adjust:k1", "adjustments", Money.rub(-100)),
        ("adjust:k1", "wallet:7", Money.rub(100)),
        ("adjust:k2", "adjustments", Money.rub("30.50")),
        ("adjust:k2", "wallet:7", Money.rub("-30.50")),
    ]
    assert len(await log_of(office)) == 2
    await office.books.are_right()


async def test_a_key_that_was_used_for_another_sum_or_person_is_refused(office: Office) -> None:
    await office.adjusts(7, 100)
    for tg_id, rubles in ((7, 101), (8, 100)):
        with pytest.raises(Refused, match=Refusal.KEY_USED):
            await office.adjusts(tg_id, rubles)
    await office.books.are_right()


async def test_no_adjustment_takes_a_balance_below_zero_even_at_once_with_a_purchase(office: Office) -> None:
    await office.adjusts(7, 129)
    with pytest.raises(Refused, match=Refusal.TOO_LITTLE):
        await office.adjusts(7, -130, "k2")
    answers = await asyncio.gather(
        office.books.buy(7), office.adjusts(7, -100, "k3"), office.adjusts(7, -100, "k4"), return_exceptions=True
    )
    assert len([answer for answer in answers if isinstance(answer, Exception)]) == 2
    await office.books.are_right()


async def test_thirty_repetitions_at_once_of_one_adjustment_are_one(office: Office) -> None:
    assert set(await asyncio.gather(*(office.adjusts(7, 50) for _ in range(30)))) == {Money.rub(50)}
    await office.books.are_right()


async def test_a_customer_is_told_of_an_adjustment_unless_it_is_silent(office: Office) -> None:
    await office.adjusts(7, 100)
    await office.adjusts(7, 100, "k2", told=False)
    notices = await office.books.notices.claim_due(NOW + timedelta(seconds=1), 30, 10)
    assert [(notice.kind, notice.facts) for notice in notices] == [("balance_adjusted", {"amount": "100.00"})]


async def test_money_that_goes_back_at_the_provider_meanwhile_is_not_given_away(office: Office) -> None:
    reference = await office.charge()
    money = await office.desk.find(reference)
    books = office.books
    refund = {"gateway": "stars", "key": "charge-1", "charge": "charge-1", "asset_amount": None, "at": NOW, "now": NOW}

    async def meet() -> None:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group, books.database.transaction() as connection:
            await connection.execute(LOCK_CHARGE, {"gateway": "stars", "charge": "charge-1"})
            await connection.execute(REFUND, refund)
            group.create_task(office.desk.assign(money, 7, worth_as_told(money, Money.rub(135))))
            await blocked(books.database)

    with pytest.raises(ExceptionGroup) as refused:
        await meet()
    assert refused.group_contains(Refused, match=Refusal.REFUNDED)
    assert await books.balance(7) == ZERO
    await books.are_right()


async def test_money_that_went_back_while_the_operator_thought_is_not_set_aside(office: Office) -> None:
    money = await office.desk.find(await office.charge())
    await office.takes_back()
    with pytest.raises(Refused, match=Refusal.REFUNDED):
        await office.desk.dismiss(money, "a test of ours")
    await office.books.are_right()


async def test_a_worth_that_no_rate_can_say_is_refused(office: Office) -> None:
    money = await office.desk.find(await office.coins(1))
    with pytest.raises(Refused, match=Refusal.NO_WORTH):
        worth_as_told(money, Money.rub(1000))
    assert await office.desk.assign(money, 7, worth_as_told(money, Money.rub("999.99"))) == Money.rub("999.99")
    await office.books.are_right()
