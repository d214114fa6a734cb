"""Wishes for configs: never more than the plan allows, never another's, and always as long as the subscription."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NoSubscription, NotFound, TooManyConfigs
from app.domain.money import Money
from app.domain.plans import Plan
from app.repo.configs import REQUEST
from app.repo.shop import BUY
from app.services.records import ConfigCard, ConfigStatus
from tests.support.books import MONTH, NOW, Books, blocked

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

FIVE = Plan("sub_6m", 180, Money.rub(100), 5)


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(7, 8)
    await books.fund(7, 1000)
    return books


async def request(books: Books, intent: str, tg_id: int = 7) -> ConfigCard:
    return await books.configs.request(tg_id, intent, None, NOW)


def bought(plan: Plan) -> dict[str, object]:
    """What the purchase of `plan` sends."""
    return {
        "tg_id": 7,
        "intent": "bought",
        "plan_key": plan.key,
        "days": plan.days,
        "price": plan.price.decimal,
        "max_configs": plan.max_configs,
        "use_id": 0,
        "now": NOW,
    }


async def living(books: Books) -> int:
    count: int = await books.value("SELECT count(*) FROM configs WHERE status IN ('creating', 'active')")
    return count


async def test_fifty_wishes_at_once_never_exceed_what_the_plan_allows(books: Books) -> None:
    await books.buy(7, FIVE)
    outcomes = await asyncio.gather(*(request(books, f"wish{n}") for n in range(50)), return_exceptions=True)
    made = [outcome for outcome in outcomes if isinstance(outcome, ConfigCard)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, TooManyConfigs)]
    assert (len(made), len(refused), await living(books)) == (5, 45, 5)
    assert sorted(card.name for card in made) == [f"VPN {n}" for n in range(1, 6)]


async def test_one_wish_sent_fifty_times_at_once_makes_one_config(books: Books) -> None:
    await books.buy(7, FIVE)
    cards = await asyncio.gather(*(request(books, "same") for _ in range(50)))
    assert (len({card.id for card in cards}), await living(books)) == (1, 1)


async def test_a_wish_repeated_after_the_limit_is_reached_still_finds_its_config(books: Books) -> None:
    card = await request(books, "trial")
    with pytest.raises(TooManyConfigs) as refusal:
        await request(books, "another")
    assert refusal.value.limit == 1
    assert await request(books, "trial") == card


async def test_deletion_frees_the_slot_at_once(books: Books) -> None:
    card = await request(books, "first")
    await books.configs.request_deletion(7, card.id, NOW)
    assert (await request(books, "second")).name == card.name
    assert len(await books.configs.of_owner(7)) == 1


async def test_a_wish_for_what_was_deleted_meanwhile_makes_nothing_new(books: Books) -> None:
    card = await request(books, "first")
    await books.configs.request_deletion(7, card.id, NOW)
    assert (await request(books, "first")).status is ConfigStatus.DELETING
    assert await living(books) == 0


async def test_anothers_config_is_not_found(books: Books) -> None:
    card = await request(books, "mine")
    with pytest.raises(NotFound):
        await books.configs.get(8, card.id)
    with pytest.raises(NotFound):
        await books.configs.request_deletion(8, card.id, NOW)
    assert await books.configs.of_owner(8) == ()
    assert (await books.configs.get(7, card.id)).status is ConfigStatus.CREATING


async def test_a_deleted_config_is_not_found_and_can_not_be_deleted_again(books: Books) -> None:
    card = await request(books, "mine")
    await books.configs.request_deletion(7, card.id, NOW)
    with pytest.raises(NotFound):
        await books.configs.get(7, card.id)
    with pytest.raises(NotFound):
        await books.configs.request_deletion(7, card.id, NOW)


async def test_without_time_left_or_with_a_ban_there_is_no_config(books: Books) -> None:
    with pytest.raises(NoSubscription):
        await books.configs.request(7, "late", None, NOW + timedelta(days=7))
    await books.bans.ban(7, "spam", "olga", NOW)
    with pytest.raises(NoSubscription):
        await request(books, "banned")
    with pytest.raises(NotFound):
        await request(books, "stranger", tg_id=404)
    assert await living(books) == 0


async def test_a_smaller_plan_keeps_the_bigger_limit_only_while_that_one_runs(books: Books) -> None:
    end = (await books.buy(7, FIVE)).subscription_end
    limit = "SELECT max_configs FROM users WHERE tg_id = 7"
    await books.buy(7, MONTH, now=end - timedelta(seconds=1))
    assert await books.value(limit) == FIVE.max_configs
    await books.buy(7, MONTH, now=end + timedelta(days=31))
    assert await books.value(limit) == MONTH.max_configs


async def test_a_renewal_moves_every_living_config_and_makes_it_due(books: Books) -> None:
    await books.buy(7, FIVE)
    cards = [await request(books, f"wish{n}") for n in range(3)]
    await books.rows("UPDATE configs SET is_due = false, attempts = 4")
    await books.configs.request_deletion(7, cards[2].id, NOW)
    end = (await books.buy(7, now=NOW + timedelta(days=1))).subscription_end
    rows = await books.rows("SELECT expires_at, is_due, attempts, revision FROM configs WHERE status = 'creating'")
    assert [tuple(row) for row in rows] == [(end, True, 0, 2)] * 2
    due = await books.provisioning.claim_due(NOW + timedelta(days=1), 30, 10)
    assert len(due) == 3
    await books.are_right()


async def test_a_config_wished_for_while_a_purchase_commits_lasts_as_long_as_what_was_bought(books: Books) -> None:
    wish = {"tg_id": 7, "intent": "i", "username": "u", "message_id": None, "now": NOW,
            "country": None, "guide": None}  # fmt: skip
    async with asyncio.TaskGroup() as group, books.database.transaction() as connection:
        await connection.execute(REQUEST, wish)
        purchase = group.create_task(books.buy(7))
        await blocked(books.database)
    end = purchase.result().subscription_end
    assert await books.value("SELECT expires_at FROM configs") == end
    await books.are_right()


async def test_a_purchase_that_commits_while_a_config_is_wished_for_counts_for_it(books: Books) -> None:
    async with asyncio.TaskGroup() as group, books.database.transaction() as connection:
        await connection.execute(BUY, bought(FIVE))
        group.create_task(request(books, "wish"))
        await blocked(books.database)
    assert await living(books) == 1
    await books.are_right()


async def test_purchases_and_wishes_in_a_storm_leave_all_configs_with_the_subscriptions_end(books: Books) -> None:
    await books.fund(7, 100_000)
    for storm in range(25):
        await asyncio.gather(
            *(books.buy(7, FIVE) for _ in range(2)),
            *(request(books, f"storm{storm}-{n}") for n in range(3)),
            return_exceptions=True,
        )
        for card in await books.configs.of_owner(7):
            await books.configs.request_deletion(7, card.id, NOW)
        await books.are_right()
