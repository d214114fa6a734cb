"""Reminders: each occasion of each end once, still right when it is sent, never at night, and never twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.core.actions import Menu
from app.core.reminders import SIDE_BY_SIDE
from app.repo.reminders import RULES, TAKE, WRITE
from app.repo.renewals import CLAIM
from app.repo.sql import statement
from tests.support.books import NOW
from tests.support.letterbox import BUSY, DOWN, LOST, NEVER_LEFT
from tests.support.renewal_world import DAY, HOUR, TRIAL_END, RenewalWorld

if TYPE_CHECKING:
    from sqlalchemy import TextClause

    from app.repo.db import Database
    from app.utils.redis import Cache

MINUTE = timedelta(minutes=1)
MANY = 20_000


@pytest.fixture
async def world(database: Database, cache: Cache) -> RenewalWorld:
    """Somebody with a trial of seven days."""
    world = RenewalWorld(database, cache)
    await world.arrive_in_english(7)
    return world


async def outcomes(world: RenewalWorld) -> list[str | None]:
    """What became of each reminder, in order."""
    return [row.outcome for row in await world.rows("SELECT outcome FROM reminders ORDER BY created_at")]


async def test_a_trial_is_told_a_day_before_its_end_at_the_end_and_three_days_later(world: RenewalWorld) -> None:
    times = [-3 * DAY, -DAY - MINUTE, -DAY, -MINUTE, 0 * DAY, DAY, 3 * DAY, 5 * DAY, 20 * DAY]
    told = [len(await world.pass_to(TRIAL_END + time)) for time in times]
    assert told == [0, 0, 1, 1, 2, 2, 3, 3, 3]
    assert world.letterbox.words() == ["trial_ends", "trial_ended", "missed"]
    assert {letter.button for letter in world.letterbox.letters} == {Menu(page="plans").pack()}


async def test_a_subscription_is_told_of_four_times_and_the_next_one_again(world: RenewalWorld) -> None:
    await world.fund(7, 1000)
    end = (await world.buy(7)).subscription_end
    for hours in range(-90, 24 * 7, 5):
        await world.pass_to(end + hours * HOUR)
    assert world.letterbox.words() == ["ends_soon", "ends_tomorrow", "ended", "missed"]
    end = (await world.buy(7, now=world.clock.at)).subscription_end
    for hours in range(-90, 24 * 7, 5):
        await world.pass_to(end + hours * HOUR)
    assert world.letterbox.words()[4:] == ["ends_soon", "ends_tomorrow", "ended", "missed"]


async def test_what_was_bought_in_between_leaves_nothing_to_remind_of(world: RenewalWorld) -> None:
    await world.fund(7, 1000)
    # Written, not sent yet: bought between the one and the other.
    world.clock.at = TRIAL_END - DAY
    await world.replica.reminders.write_due()
    await world.buy(7, now=world.clock.at)
    assert await world.pass_to(TRIAL_END - DAY) == []
    assert await outcomes(world) == ["void"]
    assert await world.pass_to(TRIAL_END) == []
    assert await world.pass_to(TRIAL_END + 27 * DAY) == ["ends_soon"]


async def test_after_a_silence_only_what_is_still_right_is_said(world: RenewalWorld) -> None:
    assert await world.pass_to(TRIAL_END + 2 * DAY) == ["trial_ended"]


async def test_who_was_there_before_the_first_look_is_not_flooded(database: Database, cache: Cache) -> None:
    world = RenewalWorld(database, cache)
    await world.arrive(7)
    assert await world.pass_to(TRIAL_END - HOUR) == []
    assert await world.pass_to(TRIAL_END - MINUTE) == []


async def test_an_act_of_ones_own_brings_no_reminder(world: RenewalWorld) -> None:
    await world.rows("UPDATE users SET subscription_end = CAST(:end AS timestamptz)", end=NOW + 20 * HOUR)
    assert await world.pass_to(NOW + MINUTE) == []
    await world.rows("UPDATE users SET language = 'en', subscription_end = CAST(:end AS timestamptz)", end=NOW + DAY)
    assert await world.pass_to(NOW + DAY) == ["trial_ended"]


async def test_at_night_nobody_is_written_to_and_in_the_morning_what_is_still_right_comes(
    database: Database, cache: Cache
) -> None:
    world = RenewalWorld(database, cache, quiet="23-9")
    await world.arrive_in_english(7, 8)
    # A day before the end is eleven at night in Moscow.
    await world.rows("UPDATE users SET subscription_end = subscription_end + interval '8 hours'")
    night = TRIAL_END + 8 * HOUR - DAY
    for hour in range(10):
        assert await world.pass_to(night + hour * HOUR) == []
    await world.fund(8, 400)
    await world.buy(8, now=world.clock.at)
    assert await world.pass_to(night + 10 * HOUR) == ["trial_ends"]
    assert world.letterbox.words(8) == []


async def test_who_switched_them_off_hears_of_money_only(world: RenewalWorld) -> None:
    await world.replica.reminders.set_wanted(7, wanted=False)
    assert not await world.replica.reminders.wants(7)
    await world.agrees()
    for time in (-3 * DAY, -DAY, 0 * DAY, 3 * DAY):
        await world.pass_to(TRIAL_END + time)
    assert world.letterbox.words() == ["renews_soon", "renewal_short", "ended_short"]


async def test_who_blocked_the_bot_is_marked_and_gets_no_old_ones_on_return(world: RenewalWorld) -> None:
    world.letterbox.blocked.add(7)
    assert await world.pass_to(TRIAL_END - DAY) == []
    assert await world.value("SELECT gone_at FROM users") == world.clock.at
    assert await outcomes(world) == ["gone"]
    await world.pass_to(TRIAL_END)
    world.letterbox.blocked.clear()
    await world.users.mark_gone(7, None)
    assert await world.pass_to(TRIAL_END + HOUR) == []
    assert await world.pass_to(TRIAL_END + 3 * DAY) == ["missed"]


async def test_who_is_banned_hears_nothing(world: RenewalWorld) -> None:
    world.clock.at = TRIAL_END - DAY
    await world.replica.reminders.write_due()
    await world.bans.ban(7, "spam", "olga", world.clock.at)
    assert await world.pass_to(TRIAL_END - DAY) == []
    assert await world.pass_to(TRIAL_END) == []


async def test_an_answer_that_was_lost_is_not_sent_for_again(world: RenewalWorld) -> None:
    world.letterbox.troubles = [LOST]
    for minute in range(5):
        assert await world.pass_to(TRIAL_END - DAY + minute * MINUTE) == ["trial_ends"]
    assert await outcomes(world) == ["unknown"]


async def test_what_surely_never_left_is_sent_again(world: RenewalWorld) -> None:
    world.letterbox.troubles = [NEVER_LEFT, NEVER_LEFT]
    for minute in range(3):
        await world.pass_to(TRIAL_END - DAY + minute * MINUTE)
    assert world.letterbox.words() == ["trial_ends"]
    assert await outcomes(world) == ["sent"]


async def test_what_telegram_has_no_time_for_waits(world: RenewalWorld) -> None:
    world.letterbox.troubles = [BUSY]
    assert await world.pass_to(TRIAL_END - DAY) == []
    waits = "SELECT attempted_at IS NULL AND next_attempt_at > :now FROM reminders"
    assert await world.value(waits, now=world.clock.at)


async def test_an_outage_costs_few_of_them(database: Database, cache: Cache) -> None:
    world = RenewalWorld(database, cache)
    await world.arrive_in_english(*range(1, 61))
    world.letterbox.troubles = [DOWN] * (SIDE_BY_SIDE + 3)
    for minute in range(6):
        await world.pass_to(TRIAL_END - DAY + minute * MINUTE)
    assert len(world.letterbox.letters) == 60 - (SIDE_BY_SIDE + 3)
    assert len({letter.recipient for letter in world.letterbox.letters}) == len(world.letterbox.letters)


async def test_replicas_side_by_side_write_once_and_send_once(database: Database, cache: Cache) -> None:
    world = RenewalWorld(database, cache)
    await world.arrive_in_english(*range(1, 101))
    world.clock.at = TRIAL_END - DAY
    await asyncio.gather(*(world.another().remind() for _ in range(3)))
    assert sorted(letter.recipient for letter in world.letterbox.letters) == list(range(1, 101))


async def test_many_that_come_due_at_one_instant_are_written_in_bounded_batches(
    database: Database, cache: Cache
) -> None:
    world = RenewalWorld(database, cache)
    await world.arrive_in_english(*range(1, 31))
    store, at = world.replica.post._store, TRIAL_END - DAY  # the same as the replica's own
    looks = [await store.write_due(at, 10) for _ in range(5)]
    assert looks == [True, True, True, False, False]
    assert await world.value("SELECT count(*) FROM reminders") == 30


async def test_what_is_known_of_ends_of_long_ago_is_forgotten(world: RenewalWorld) -> None:
    await world.pass_to(TRIAL_END - DAY)
    await world.fund(7, 1000)
    end = (await world.buy(7, now=TRIAL_END + 100 * DAY)).subscription_end
    await world.pass_to(end - 2 * DAY)
    assert [row.subscription_end for row in await world.rows("SELECT subscription_end FROM reminders")] == [end]


async def test_every_look_goes_by_an_index(world: RenewalWorld) -> None:
    """A million people cost what those cost who come due."""
    for many in (
        "INSERT INTO users (tg_id, created_at, subscription_end)"
        " SELECT n, :now, :now + n * interval '1 minute' FROM generate_series(1000, :number) n",
        "INSERT INTO reminders (user_id, step, subscription_end, created_at, next_attempt_at, attempted_at, outcome)"
        " SELECT tg_id, 'soon', :now, :now, :now, :now, 'sent' FROM users WHERE tg_id < :number",
        "INSERT INTO renewals (user_id, plan_key, price, days, max_configs, agreed_at, next_attempt_at)"
        " SELECT tg_id, 'sub_1m', 129, 30, 2, :now, 'infinity' FROM users WHERE tg_id < :number",
    ):
        await world.database.run(statement(many), {"now": NOW, "number": MANY})
    await world.rows("ANALYZE users, reminders, renewals")
    await world.replica.reminders.write_due()
    now = NOW + HOUR
    write = await plan(world, WRITE, {"rules": RULES, "now": now, "batch": 500})
    assert "Index Scan using ix_users_ends" in write or "Index Only Scan using ix_users_ends" in write
    assert not [table for table in ("users", "reminders", "renewals") if f"Seq Scan on {table} " in write]
    take = await plan(world, TAKE, {"now": now, "until": now, "plan_key": "trial"})
    assert "using ix_reminders_due" in take
    assert "Seq Scan on reminders" not in take
    claim = await plan(world, CLAIM, {"now": now, "lease_end": now, "batch": 50})
    assert "using ix_renewals_due" in claim
    assert "Seq Scan on renewals" not in claim


async def plan(world: RenewalWorld, asked: TextClause, params: dict[str, object]) -> str:
    """How the database would carry it out."""
    return "\n".join(row[0] for row in await world.database.run(statement(f"EXPLAIN {asked.text}"), params))


