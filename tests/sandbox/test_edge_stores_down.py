"""Redis or PostgreSQL away: what can still work works, what can't says so in words, and both may come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app.locales.locales import translator
from tests.support.rows import all_rows
from tests.support.shop_floor import labels, newest, shown

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.sandbox.conftest import Cut
    from tests.support.shop_floor import ShopFloor

EN = translator("en")
SORRY = EN.plain("error.storage")
PAGES = ("vpn", "plans", "balance", "settings", "help", "invite", "home")


async def pages(floor: ShopFloor, person: Person) -> list[str]:
    """All pages of the menu, one after the other."""
    seen = []
    for page in PAGES:
        await floor.click(person, f"m:{page}")
        seen.append(shown(person))
    return seen


async def test_without_redis_every_page_is_the_same(cut: Cut) -> None:
    nina = await cut.customer()
    usual = await pages(cut, nina)
    cut.redis.pull()
    assert await pages(cut, nina) == usual
    await cut.redis.plug_in()
    assert await pages(cut, nina) == usual


async def test_without_redis_a_newcomer_gets_a_trial_a_config_and_an_invoice(cut: Cut) -> None:
    cut.redis.pull()
    nina = await cut.customer()
    await cut.press(nina, EN.plain("menu.home"))
    await cut.press(nina, EN.plain("menu.vpn"))
    await cut.press(nina, EN.plain("vpn.new"))
    await cut.work()
    assert "/sub/" in shown(nina)
    await cut.says(nina, "/menu")
    await cut.press(nina, EN.plain("menu.balance"))
    await cut.press(nina, EN.plain("balance.top_up"))
    await cut.press(nina, "150")
    assert newest(nina).content.photo is not None
    (invoice,) = await cut.database.run(text("SELECT status, message_id FROM payments"))
    assert tuple(invoice) == ("pending", newest(nina).id)


async def test_without_redis_the_rate_limit_is_kept_in_the_process(cut: Cut) -> None:
    cut.redis.pull()
    nina = await cut.customer()
    await cut.start(nina)
    await cut.start(nina)
    assert shown(nina) == EN.plain("rate_limit", seconds=3)


async def test_with_redis_back_an_amount_can_be_typed_again(cut: Cut) -> None:
    nina = await cut.customer()
    cut.redis.pull()
    await cut.click(nina, "top:0")
    await cut.says(nina, "150")
    assert EN.plain("topup.use_buttons") in shown(nina)
    await cut.redis.plug_in()
    await cut.click(nina, "top:0")
    await cut.says(nina, "150")
    assert newest(nina).content.photo is not None


async def test_without_postgres_whoever_needs_it_is_told_and_nothing_changes(cut: Cut) -> None:
    nina = await cut.customer()
    await cut.says(nina, "/menu")
    before = await all_rows(cut.database)
    cut.postgres.pull()
    for data in ("new:wish", "pay:ton:15000", "cfg:1", "key:1", "del:1:1", "chk:1", "cxl:1", "lang:ru", "m:invite"):
        answer = await cut.click(nina, data)
        assert (answer.text, answer.alert) == (SORRY, True), data
    await cut.start(nina)
    assert shown(nina) == SORRY
    stranger = cut.person(502, "Max")
    await cut.start(stranger)
    assert shown(stranger) == SORRY
    await cut.postgres.plug_in()
    assert await all_rows(cut.database) == before
    await cut.rested()
    await cut.start(stranger)
    assert EN.plain("connect.begin") in labels(stranger)


async def test_without_postgres_the_pages_still_come_from_the_cache(cut: Cut) -> None:
    nina = await cut.customer()
    usual = dict(zip(PAGES, await pages(cut, nina), strict=True))
    cut.postgres.pull()
    for page in ("vpn", "plans", "balance", "settings", "help", "home"):
        await cut.click(nina, f"m:{page}")
        assert shown(nina) == usual[page]


async def test_without_both_a_click_is_answered_in_the_words_of_the_persons_client(cut: Cut) -> None:
    nina = await cut.customer()
    cut.redis.pull()
    cut.postgres.pull()
    answer = await cut.click(nina, "m:home")
    assert (answer.text, answer.alert) == (SORRY, True)
