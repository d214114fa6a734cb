"""What was paid and never delivered is told of and given back once; what was delivered, given or used is not."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.money import Money
from app.domain.promo import Discount, PromoKind
from app.repo.deliveries import DeliveryRepository
from app.services.deliveries import Deliveries
from app.services.records import ConfigJob, ConfigWork, PaidEvent
from tests.support.books import MONTH, NOW, Books, blocked
from tests.support.half import HandClock
from tests.support.office import Office

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALARM, LIMIT = 30 * MINUTE, DAY
# By then the trial is over, and what is bought is all there is.
LATER = NOW + 8 * DAY
PRICE = MONTH.price


class Shop(Books):
    """Books, the job that looks after deliveries, and a clock for it."""

    def __init__(self, database: Database, cache: Cache) -> None:
        super().__init__(database, cache)
        self.clock = HandClock(LATER)
        self.store = DeliveryRepository(database, cache)
        self.woken: list[str] = []
        self.deliveries = Deliveries(
            self.store, self.clock, self.woken.append, alarm_after=ALARM, return_after=LIMIT
        )

    async def looks(self, at: datetime) -> int:
        """The job runs at that moment."""
        self.clock.at = at
        return await self.deliveries.run_once()

    async def wishes(self, at: datetime = LATER, intent: str = "wish", message_id: int | None = 55) -> int:
        """A config is asked for."""
        return (await self.configs.request(7, intent, message_id, at)).id

    async def claims(self, at: datetime = LATER) -> ConfigJob:
        """A worker takes up the one job that is due."""
        (job,) = await self.provisioning.claim_due(at, 30, 10)
        return job

    async def delivers(self, at: datetime = LATER) -> None:
        """A panel has made it."""
        await self.provisioning.created(await self.claims(at), "https://panel/sub/1", "vless://1", at)

    async def end(self) -> datetime:
        """When the subscription of 7 ends."""
        ends: datetime = await self.value("SELECT subscription_end FROM users WHERE tg_id = 7")
        return ends

    async def statuses(self) -> list[str]:
        return [row.status for row in await self.rows("SELECT status FROM configs ORDER BY id")]

    async def told(self, table: str = "notices") -> list[tuple[str, dict[str, str]]]:
        wanted = "'purchase_returned', 'undelivered', 'returned'"
        query = f"SELECT kind, facts FROM {table} WHERE kind IN ({wanted}) ORDER BY id"  # noqa: S608 - constants
        return [(row.kind, row.facts) for row in await self.rows(query)]


@pytest.fixture
async def shop(database: Database, cache: Cache) -> Shop:
    shop = Shop(database, cache)
    await shop.arrive(7, 9)
    await shop.fund(7, 1000)
    return shop


async def test_the_price_of_what_was_never_delivered_goes_back_once_with_its_time(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    await shop.wishes()
    job = await shop.claims()
    await shop.provisioning.retry(job, LATER, LATER + MINUTE, "panel is down")
    assert await shop.looks(LATER + LIMIT - MINUTE) == 0
    assert await shop.looks(LATER + LIMIT) == 1
    assert await shop.looks(LATER + 2 * LIMIT) == 0
    assert (await shop.balance(), await shop.end()) == (Money.rub(1000), LATER + LIMIT)
    assert await shop.statuses() == ["deleting"]
    assert await shop.told() == [("purchase_returned", {"amount": "129.00", "debt": "0.00"})]
    assert await shop.value("SELECT message_id FROM notices WHERE kind = 'purchase_returned'") == 55
    returned = [facts for kind, facts in await shop.told("operator_notices") if kind == "returned"]
    named = [(facts["user"], facts["amount"], facts["reason"]) for facts in returned]
    assert named == [("7", "129.00", "panel is down")]
    assert shop.woken == ["notices", "provisioning"]
    await shop.are_right()


async def test_many_replicas_that_look_at_once_give_it_back_once(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    await shop.wishes()
    shop.clock.at = LATER + LIMIT
    assert sum(await asyncio.gather(*(shop.deliveries.run_once() for _ in range(12)))) == 1
    assert await shop.balance() == Money.rub(1000)
    assert len(await shop.told()) == 1
    await shop.are_right()


async def test_a_renewal_beside_a_working_config_is_never_given_back(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    await shop.wishes()
    await shop.delivers()
    await shop.buy(7, now=LATER + DAY)
    await shop.wishes(LATER + DAY, "another")
    assert await shop.looks(LATER + 20 * DAY) == 0
    assert await shop.store.listing(LATER + 20 * DAY, 10) == []


async def test_what_was_used_for_a_while_is_listed_for_the_operator_and_not_given_back(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    config_id = await shop.wishes()
    await shop.delivers()
    await shop.configs.request_deletion(7, config_id, LATER + HOUR)
    await shop.wishes(LATER + 2 * HOUR, "another")
    assert await shop.looks(LATER + 5 * DAY) == 0
    (waiting,) = await shop.store.listing(LATER + 5 * DAY, 10)
    assert (waiting.is_used, waiting.is_returned_in_time, waiting.since) == (True, False, LATER + 2 * HOUR)


async def test_a_config_that_was_gone_before_the_purchase_is_no_use_of_it(shop: Shop) -> None:
    config_id = await shop.wishes(NOW)
    await shop.delivers(NOW)
    await shop.configs.request_deletion(7, config_id, NOW + HOUR)
    await shop.buy(7, now=LATER)
    await shop.wishes(LATER, "another")
    assert await shop.looks(LATER + LIMIT) == 1
    await shop.are_right()


async def test_a_trial_has_no_price_and_is_shown_as_such(shop: Shop) -> None:
    await shop.wishes(NOW)
    assert await shop.looks(NOW + 3 * DAY) == 0
    (waiting,) = await shop.store.listing(NOW + 3 * DAY, 10)
    assert (waiting.owner, waiting.reference, waiting.price) == (7, None, None)
    assert await shop.told("operator_notices") == []


async def test_time_that_is_left_without_the_purchase_goes_on_and_its_wish_as_well(shop: Shop) -> None:
    trial = await shop.end()
    await shop.buy(7, now=NOW)
    await shop.wishes(NOW)
    assert await shop.looks(NOW + LIMIT) == 1
    assert (await shop.end(), await shop.statuses()) == (trial, ["creating"])
    ((plan, most),) = await shop.rows("SELECT active_plan, max_configs FROM users WHERE tg_id = 7")
    assert (plan, most) == ("trial", 1)
    job = await shop.claims(NOW + LIMIT)
    assert (job.work, job.expires_at) == (ConfigWork.CREATE, trial)
    await shop.provisioning.created(job, "https://panel/sub/1", "vless://1", NOW + LIMIT)
    assert await shop.looks(NOW + 2 * LIMIT) == 0
    await shop.are_right()


async def test_each_of_several_purchases_has_its_own_time_and_keeps_its_days(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    await shop.wishes()
    await shop.buy(7, now=LATER + 20 * HOUR)
    assert await shop.looks(LATER + LIMIT) == 1
    assert await shop.end() == LATER + LIMIT + 30 * DAY
    assert await shop.statuses() == ["creating"]
    third = LATER + LIMIT + HOUR
    assert (await shop.buy(7, now=third)).subscription_end == LATER + LIMIT + 60 * DAY
    assert await shop.looks(LATER + 20 * HOUR + LIMIT) == 1
    assert await shop.end() == LATER + 20 * HOUR + LIMIT + 30 * DAY
    assert await shop.looks(third + LIMIT) == 1
    assert (await shop.end(), await shop.balance()) == (third + LIMIT, Money.rub(1000))
    assert await shop.statuses() == ["deleting"]
    await shop.are_right()


async def test_days_that_were_given_stay_with_the_person(shop: Shop) -> None:
    await shop.promo("DAYS", PromoKind.DAYS, 5)
    await shop.buy(7, now=LATER)
    await shop.redeem("DAYS", now=LATER + HOUR)
    await shop.wishes()
    assert await shop.looks(LATER + LIMIT) == 1
    assert await shop.end() == LATER + LIMIT + 5 * DAY
    await shop.are_right()


async def test_after_a_return_the_next_purchase_begins_at_its_own_moment(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    await shop.wishes()
    await shop.looks(LATER + LIMIT)
    again = LATER + LIMIT + HOUR
    assert (await shop.buy(7, now=again)).subscription_end == again + 30 * DAY
    assert await shop.looks(again + LIMIT) == 0
    await shop.are_right()


async def test_a_gift_is_its_givers_and_is_left_to_the_operator(shop: Shop) -> None:
    await shop.fund(9, 400)
    gift = await shop.give(9, now=LATER)
    await shop.redeem(gift.gift.code, 7, now=LATER)
    await shop.wishes()
    assert await shop.looks(LATER + 5 * DAY) == 0
    (waiting,) = await shop.store.listing(LATER + 5 * DAY, 10)
    assert (str(waiting.reference).partition(":")[0], waiting.is_returned_in_time) == ("gift", False)
    ((kind, facts),) = await shop.told("operator_notices")
    assert (kind, facts["amount"], facts["user"]) == ("undelivered", "129.00", "7")


async def test_what_a_promo_code_made_cheaper_gives_back_what_was_paid(shop: Shop) -> None:
    await shop.promo("HALF", PromoKind.PERCENT, 50)
    kept = await shop.redeem("HALF", now=LATER)
    assert isinstance(kept, Discount)
    assert (await shop.buy(7, now=LATER, use_id=kept.use_id)).price == Money.rub("64.50")
    await shop.wishes()
    assert await shop.looks(LATER + LIMIT) == 1
    assert await shop.balance() == Money.rub(1000)
    await shop.are_right()


@pytest.mark.parametrize(("debt", "left"), [(129, 0), (100, 29), (20, 109)])
async def test_what_a_refund_had_left_open_is_settled_first(
    database: Database, cache: Cache, debt: int, left: int
) -> None:
    shop = Shop(database, cache)
    office = Office(shop, cache)
    await shop.arrive(7)
    paid = PaidEvent("stars", "charge", None, None, 7, "XTR", debt, Money.rub(debt), NOW)
    await office.receipts.credit(paid, NOW)
    if left:
        await office.adjusts(7, left)
    await shop.buy(7, now=LATER)
    await office.takes_back("charge")
    await shop.wishes()
    assert await shop.looks(LATER + LIMIT) == 1
    assert await shop.balance() == Money.rub(left)
    ((_, facts),) = await shop.told()
    assert Money.rub(facts["debt"]) == Money.rub(debt)
    assert await shop.value("SELECT sum(amount) FROM ledger_entries WHERE account = 'debts'") == 0
    await shop.are_right()


async def test_a_worker_that_was_first_has_delivered(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    await shop.wishes()
    job = await shop.claims()
    ((purchase_id, _),) = await shop.store.overdue(LATER, 10)
    async with asyncio.TaskGroup() as group, shop.database.transaction() as worker:
        await worker.exec_driver_sql("UPDATE configs SET status = 'active', link = 'vless://1', delivered_at = now()")
        returning = group.create_task(shop.store.give_back(purchase_id, 7, LATER, LATER + LIMIT))
        await blocked(shop.database)
    assert returning.result() is None
    await shop.provisioning.created(job, "https://panel/sub/1", "vless://1", LATER + LIMIT)
    assert (await shop.balance(), await shop.statuses()) == (Money.rub(1000) - PRICE, ["active"])
    await shop.are_right()


async def test_what_a_slow_worker_makes_after_the_return_is_taken_off_the_panel_again(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    await shop.wishes()
    leased_at = LATER + LIMIT - MINUTE / 6
    job = await shop.claims(leased_at)
    assert await shop.looks(LATER + LIMIT) == 1
    # Its lease is over before the deletion begins, so that the user is made by then or never.
    assert await shop.provisioning.claim_due(leased_at + MINUTE / 3, 30, 10) == []
    await shop.provisioning.created(job, "https://panel/sub/1", "vless://1", leased_at + MINUTE / 3)
    assert await shop.statuses() == ["deleting"]
    assert (await shop.claims(leased_at + MINUTE)).work is ConfigWork.DELETE
    assert await shop.value("SELECT count(*) FROM notices WHERE kind = 'config_ready'") == 0
    await shop.are_right()


async def test_who_asked_for_nothing_or_wished_it_away_is_owed_nothing(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    assert await shop.looks(LATER + 2 * DAY) == 0
    config_id = await shop.wishes(LATER + 2 * DAY)
    await shop.configs.request_deletion(7, config_id, LATER + 2 * DAY + HOUR)
    assert await shop.looks(LATER + 5 * DAY) == 0


async def test_a_config_that_was_asked_for_when_its_time_was_over_is_no_claim_to_an_old_purchase(shop: Shop) -> None:
    await shop.buy(7, now=LATER)
    long_after = LATER + 60 * DAY
    await shop.buy(7, now=long_after)
    await shop.wishes(long_after)
    assert await shop.looks(long_after + LIMIT) == 1
    assert (await shop.balance(), await shop.end()) == (Money.rub(1000) - PRICE, long_after + LIMIT)
    await shop.are_right()


async def test_what_gets_old_is_reported_once_in_one_piece_of_news(shop: Shop) -> None:
    await shop.fund(9, 400)
    for tg_id, at in ((7, LATER), (9, LATER + MINUTE)):
        await shop.buy(tg_id, now=at)
        await shop.configs.request(tg_id, "wish", None, at)
    for waited in (ALARM - MINUTE, ALARM + MINUTE, ALARM + 2 * MINUTE, ALARM + HOUR):
        await shop.looks(LATER + waited)
    ((kind, facts),) = await shop.told("operator_notices")
    assert (kind, facts["count"], facts["amount"]) == ("undelivered", "2", "258.00")
    assert (facts["user"], facts["minutes"]) == ("7", "31")
