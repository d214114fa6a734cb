"""Subscriptions that renew themselves: once for an end, by what was agreed to, and never against anybody's will."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.core.actions import TopUp
from app.domain.errors import Banned, InsufficientBalance, PlanChanged
from app.domain.money import Money
from app.domain.pending import Outcome, Wish
from app.domain.plans import Catalogue, Plan
from app.domain.promo import PromoKind
from app.repo.db import Database
from app.repo.deliveries import DeliveryRepository
from tests.support.books import MONTH, NOW, blocked
from tests.support.renewal_world import DAY, HOUR, TRIAL_END, YEAR, RenewalWorld

if TYPE_CHECKING:
    from app.utils.redis import Cache

MINUTE = timedelta(minutes=1)
LOCK = text("SELECT FROM users WHERE tg_id = 7 FOR NO KEY UPDATE")


@pytest.fixture
async def world(database: Database, cache: Cache) -> RenewalWorld:
    """Somebody with a trial of seven days and as much money as they have put in."""
    world = RenewalWorld(database, cache)
    await world.arrive_in_english(7)
    return world


async def test_a_day_before_the_end_it_is_renewed_once_and_told_with_what_is_left(world: RenewalWorld) -> None:
    await world.fund(7, 400)
    await world.agrees()
    assert await world.pass_to(TRIAL_END - 3 * DAY) == ["renews_soon"]
    assert await world.pass_to(TRIAL_END - DAY - MINUTE) == ["renews_soon"]
    assert await world.pass_to(TRIAL_END - DAY) == ["renews_soon", "renewed"]
    assert await world.end() == TRIAL_END + 30 * DAY
    told = world.letterbox.last.text
    assert "129" in told
    assert "271" in told
    for later in (0 * DAY, HOUR, DAY, 4 * DAY):
        await world.pass_to(TRIAL_END + later)
    assert await world.renewed() == 1
    assert world.letterbox.words() == ["renews_soon", "renewed"]
    await world.are_right()


async def test_it_goes_on_with_the_next_end(world: RenewalWorld) -> None:
    await world.fund(7, 400)
    await world.agrees()
    for round_ in range(3):
        await world.pass_to(TRIAL_END + 30 * round_ * DAY - DAY)
    assert await world.renewed() == 3
    assert await world.balance() == Money.rub(13)
    await world.are_right()


async def test_replicas_that_try_at_once_buy_once(world: RenewalWorld) -> None:
    await world.fund(7, 400)
    await world.agrees()
    world.clock.at = TRIAL_END - DAY
    for _ in range(3):
        await asyncio.gather(*(world.another().remind() for _ in range(4)))
        # The lease of a replica that died is over, and what it began is begun again.
        await world.rows("UPDATE renewals SET next_attempt_at = '-infinity'")
    due = await world.replica.renewal_store.claim_due(world.clock.at, 60, 10)
    assert [renewal.subscription_end for renewal in due] == [TRIAL_END + 30 * DAY]
    assert await world.renewed() == 1
    await world.are_right()


async def test_a_replica_that_comes_late_with_an_end_of_before_buys_nothing(world: RenewalWorld) -> None:
    await world.fund(7, 400)
    await world.agrees()
    world.clock.at = TRIAL_END - DAY
    (stale,) = await world.replica.renewal_store.claim_due(world.clock.at, 0, 10)
    await world.pass_to(TRIAL_END - DAY)
    assert await world.replica.renewal_store.renew(stale, MONTH, 0, world.clock.at, world.clock.at) is None
    await world.replica.renewal_store.put_off(stale, None, world.clock.at, is_told=True)
    assert await world.renewed() == 1
    assert await world.value("SELECT next_attempt_at FROM renewals") == TRIAL_END + 29 * DAY


@pytest.mark.parametrize("act", ["stops", "chooses another plan", "buys"])
async def test_what_the_person_does_at_that_moment_comes_first(world: RenewalWorld, act: str) -> None:
    await world.fund(7, 2000)
    await world.agrees()
    world.clock.at = TRIAL_END - DAY
    async with world.database.transaction() as connection:
        await connection.execute(LOCK)
        renewing = asyncio.ensure_future(world.replica.renewals.run_once())  # noqa: TID251 - awaited below
        await blocked(world.database)
        if act == "stops":
            await world.replica.renewals.stop(7)
        elif act == "chooses another plan":
            await connection.execute(text("UPDATE renewals SET plan_key = 'sub_12m', price = 929"))
        else:
            await connection.execute(text("UPDATE users SET subscription_end = subscription_end + interval '1 day'"))
    await renewing
    assert await world.renewed() == 0
    assert await world.balance() == Money.rub(2000)


async def test_money_that_came_for_a_purchase_is_spent_on_that_before_it_renews_anything(world: RenewalWorld) -> None:
    await world.agrees()
    world.clock.at = TRIAL_END - DAY
    await world.replica.remind()
    wanted = Wish(YEAR, 0, YEAR.price, "wanted", is_gift=False)
    paying = await world.invoice(7, 929, at=world.clock.at, wish=wanted)
    await world.settle(world.transfer(paying, at=world.clock.at), now=world.clock.at)
    await world.replica.remind()
    assert await world.renewed() == 0
    assert await world.complete(YEAR, now=world.clock.at) == [Outcome.BOUGHT]
    await world.replica.remind()
    assert await world.renewed() == 0
    assert await world.end() == TRIAL_END + 365 * DAY
    await world.are_right()


async def test_nothing_is_bought_twice_by_a_click_and_by_itself(world: RenewalWorld) -> None:
    await world.fund(7, 400)
    await world.agrees()
    world.clock.at = TRIAL_END - DAY
    await asyncio.gather(world.replica.remind(), world.buy(7, now=world.clock.at), world.another().remind())
    await world.pass_to(TRIAL_END - DAY + 2 * MINUTE)
    ends = await world.rows("SELECT subscription_end FROM purchases ORDER BY id")
    # Either the click was first, and the end that was to be renewed is gone, or it came on top of the renewal.
    assert len(ends) in {1, 2}
    assert await world.renewed() == len(ends) - 1
    await world.are_right()


async def test_who_lacks_money_is_told_once_and_renewed_when_it_comes(world: RenewalWorld) -> None:
    await world.fund(7, 100)
    await world.agrees()
    assert await world.pass_to(TRIAL_END - 3 * DAY) == ["renews_soon"]
    assert "29\u00a0₽" in world.letterbox.last.text
    assert world.letterbox.last.button == TopUp(missing=5000).pack()
    for hour in range(3):
        await world.pass_to(TRIAL_END - DAY + hour * HOUR)
    assert world.letterbox.words() == ["renews_soon", "renewal_short"]
    await world.fund(7, 10)
    await world.pass_to(TRIAL_END - DAY + 5 * HOUR)
    assert await world.renewed() == 0
    await world.fund(7, 100)
    await world.pass_to(TRIAL_END - DAY + 6 * HOUR)
    assert world.letterbox.words() == ["renews_soon", "renewal_short", "renewed"]
    assert await world.end() == TRIAL_END + 30 * DAY
    await world.are_right()


async def test_money_that_comes_after_the_end_renews_from_then_on_for_three_days(world: RenewalWorld) -> None:
    await world.agrees()
    await world.pass_to(TRIAL_END - DAY)
    assert await world.pass_to(TRIAL_END) == ["renewal_short", "ended_short"]
    await world.fund(7, 200)
    at = TRIAL_END + 2 * DAY
    assert await world.pass_to(at) == ["renewal_short", "ended_short", "renewed"]
    assert await world.end() == at + 30 * DAY
    await world.are_right()


async def test_money_that_comes_later_than_that_is_the_persons_to_spend(world: RenewalWorld) -> None:
    await world.agrees()
    for day in (-1, 0, 2):
        await world.pass_to(TRIAL_END + day * DAY)
    world.clock.at = TRIAL_END + 3 * DAY
    await world.fund(7, 400)
    await world.pass_to(world.clock.at)
    assert await world.renewed() == 0
    # The switch stays on: the next subscription renews itself again.
    bought = await world.buy(7, now=world.clock.at)
    await world.pass_to(bought.subscription_end - DAY)
    assert await world.renewed() == 1
    await world.are_right()


@pytest.mark.parametrize(
    "now_sold",
    [
        Plan("sub_1m", 30, Money.rub(130), 2),
        Plan("sub_1m", 29, Money.rub(129), 2),
        Plan("sub_1m", 30, Money.rub(129), 1),
        Plan("sub_2m", 30, Money.rub(129), 2),
    ],
    ids=["dearer", "shorter", "fewer configs", "not sold any more"],
)
async def test_what_was_not_agreed_to_is_not_bought_but_told(world: RenewalWorld, now_sold: Plan) -> None:
    await world.fund(7, 400)
    await world.agrees()
    changed = world.another(Catalogue([now_sold]))
    await world.pass_to(TRIAL_END - 4 * DAY, changed)
    for day in (3, 1, 0):
        await world.pass_to(TRIAL_END - day * DAY, changed)
    assert await world.renewed() == 0
    assert world.letterbox.words() == ["renewal_changed", "renewal_changed", "trial_ended"]


async def test_what_has_become_cheaper_and_a_discount_that_waits_are_bought_for_less(world: RenewalWorld) -> None:
    await world.fund(7, 400)
    await world.agrees()
    await world.promo("HALF", PromoKind.PERCENT, 50)
    await world.redeem("HALF", now=TRIAL_END - 2 * DAY)
    await world.pass_to(TRIAL_END - DAY, world.another(Catalogue([Plan("sub_1m", 31, Money.rub(119), 2)])))
    assert await world.balance() == Money.rub(400) - Money.rub("59.50")
    assert await world.end() == TRIAL_END + 31 * DAY
    assert await world.value("SELECT status FROM promo_uses") == "used"
    await world.are_right()


@pytest.mark.parametrize("away", ["is_banned = true", "gone_at = now()"])
async def test_who_is_banned_or_gone_pays_nothing_and_hears_nothing(world: RenewalWorld, away: str) -> None:
    await world.fund(7, 400)
    await world.agrees()
    await world.rows(f"UPDATE users SET {away}")  # noqa: S608 - one of the two above
    for day in (3, 1, 0, -1, -3):
        await world.pass_to(TRIAL_END - day * DAY)
    assert await world.renewed() == 0
    assert world.letterbox.words() == []


async def test_who_comes_back_before_the_end_is_renewed_then(world: RenewalWorld) -> None:
    await world.fund(7, 400)
    await world.agrees()
    await world.users.mark_gone(7, NOW)
    await world.pass_to(TRIAL_END - DAY)
    await world.users.mark_gone(7, None)
    assert await world.pass_to(TRIAL_END) == ["renewed"]


async def test_a_purchase_that_was_given_back_is_not_made_again_by_itself(world: RenewalWorld, cache: Cache) -> None:
    await world.fund(7, 400)
    await world.agrees()
    await world.pass_to(TRIAL_END - DAY)
    await world.configs.request(7, "wish", None, world.clock.at)
    deliveries = DeliveryRepository(world.database, cache)
    later = TRIAL_END + HOUR
    ((purchase_id, owner),) = await deliveries.overdue(later, 10)
    assert await deliveries.give_back(purchase_id, owner, later, later)
    for hours in (1, 2, 24):
        await world.pass_to(later + hours * HOUR)
    assert await world.renewed() == 1
    assert await world.balance() == Money.rub(400)
    await world.are_right()


async def test_who_has_no_subscription_is_renewed_after_the_next_purchase(world: RenewalWorld) -> None:
    world.clock.at = TRIAL_END + DAY
    await world.agrees()
    await world.fund(7, 400)
    await world.pass_to(TRIAL_END + DAY)
    assert await world.renewed() == 0
    bought = await world.buy(7, now=world.clock.at)
    await world.pass_to(bought.subscription_end - DAY)
    assert await world.renewed() == 1


async def test_what_ends_within_a_day_is_renewed_at_once(world: RenewalWorld) -> None:
    await world.fund(7, 400)
    world.clock.at = TRIAL_END - HOUR
    await world.agrees()
    assert await world.pass_to(TRIAL_END - HOUR) == ["renewed"]


async def test_what_is_agreed_to_is_what_was_shown(world: RenewalWorld) -> None:
    with pytest.raises(PlanChanged):
        await world.replica.renewals.agree(7, MONTH.key, YEAR.version)
    assert await world.value("SELECT count(*) FROM renewals") == 0
    await world.agrees(plan=MONTH)
    await world.agrees(plan=YEAR)
    standing = await world.replica.renewals.of(7)
    assert standing.agreement is not None
    assert (standing.agreement.plan_key, standing.agreement.price) == ("sub_12m", Money.rub(929))
    await world.bans.ban(7, "spam", "olga", world.clock.at)
    with pytest.raises(Banned):
        await world.agrees()


async def test_the_page_knows_the_plan_that_was_bought_last(world: RenewalWorld) -> None:
    assert (await world.replica.renewals.of(7)).last_plan is None
    await world.fund(7, 2000)
    await world.buy(7, YEAR)
    await world.buy(7, MONTH)
    assert (await world.replica.renewals.of(7)).last_plan == "sub_1m"


async def test_in_quiet_hours_it_is_bought_and_told_in_the_morning(database: Database, cache: Cache) -> None:
    world = RenewalWorld(database, cache, quiet="23-9")
    await world.arrive_in_english(7)
    await world.fund(7, 400)
    # Noon of UTC is three o'clock in Moscow; the end is moved to where a day before it is night.
    await world.rows("UPDATE users SET subscription_end = subscription_end + interval '10 hours'")
    await world.agrees()
    night = TRIAL_END + 10 * HOUR - DAY
    await world.pass_to(night)
    assert await world.renewed() == 1
    assert world.letterbox.words() == []
    morning = datetime(night.year, night.month, night.day, 6, tzinfo=night.tzinfo) + DAY
    assert await world.pass_to(morning - MINUTE) == []
    assert await world.pass_to(morning) == ["renewed"]


async def test_the_purchase_says_why_it_is_refused(world: RenewalWorld) -> None:
    await world.agrees()
    world.clock.at = TRIAL_END - DAY
    (due,) = await world.replica.renewal_store.claim_due(world.clock.at, 60, 10)
    with pytest.raises(InsufficientBalance):
        await world.replica.renewal_store.renew(due, MONTH, 0, world.clock.at, world.clock.at)
