"""Promo codes and gifts as people meet them: typed, by command, by link, on the screens, and by forged buttons."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain.promo import PromoKind, Terms
from app.locales.locales import translator
from app.repo.audit import breaks
from app.repo.promo_desk import PromoDeskRepository
from app.services.promos import NewPromo
from tests.support.shop_floor import button, labels, newest, shown

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.shop_floor import ShopFloor

EN = translator("en")


async def makes(floor: ShopFloor, code: str, kind: PromoKind, value: int, terms: Terms | None = None) -> None:
    """The operator makes a code beside the running bot."""
    desk = PromoDeskRepository(floor.database, floor.app.stores.cache)
    promo = NewPromo(code, kind, Decimal(value), terms or Terms())
    assert await desk.add(promo, floor.app.clock.now())


async def balance(floor: ShopFloor, person: Person) -> str:
    ((found,),) = await floor.database.run(
        text("SELECT balance::text FROM users WHERE tg_id = CAST(:id AS bigint)"), {"id": person.id}
    )
    return str(found)


async def test_a_code_is_typed_where_the_balance_is_shown_and_a_typo_may_be_corrected(floor: ShopFloor) -> None:
    await makes(floor, "SUMMER20", PromoKind.BALANCE, 100)
    nina = await floor.customer()
    await floor.click(nina, "m:balance")
    await floor.press(nina, EN.plain("promo.enter"))
    await floor.says(nina, "SUMER20")
    assert shown(nina) == EN.plain("promo.unknown")
    await floor.says(nina, " summer-20 ")
    assert "+100" in shown(nina)
    await floor.says(nina, "/promo SUMMER20")
    assert shown(nina) == EN.plain("promo.used_by_you")
    assert await balance(floor, nina) == "100.00"
    assert await breaks(floor.database) == []


async def test_a_newcomer_by_a_link_has_the_account_first_the_trial_too_and_then_the_code(floor: ShopFloor) -> None:
    await makes(floor, "WELCOME", PromoKind.DAYS, 3)
    max_ = floor.person(502, "Max")
    await floor.start(max_, "promo_WELCOME")
    first, second = [m.content.text.text for m in max_.messages.values() if m.by_bot]
    assert "free trial has started" in first
    assert "+3 days" in second
    await floor.start(max_, "promo_WELCOME")
    assert shown(max_) == EN.plain("promo.used_by_you")
    assert await breaks(floor.database) == []


async def test_a_discount_is_shown_struck_beside_the_list_price_and_paid(floor: ShopFloor) -> None:
    await makes(floor, "OFF20", PromoKind.PERCENT, 20)
    nina = await floor.customer()
    await floor.tops_up(nina, 400)
    await floor.says(nina, "/promo off20")
    assert "20%" in shown(nina)
    await floor.click(nina, "m:plans")
    assert any("279.20" in label for label in labels(nina))
    await floor.click(nina, "plan:sub_3m")
    struck = [e for e in newest(nina).content.text.entities if e.type == "strikethrough"]
    assert len(struck) == 1
    assert "349 ₽ 279.20 ₽ (−20%)" in shown(nina).replace("\u00a0", " ")
    await floor.press(nina, EN.plain("buy.yes", price="279.20"))
    assert await balance(floor, nina) == "120.80"
    await floor.click(nina, "m:plans")
    assert any("349" in label for label in labels(nina))
    assert await breaks(floor.database) == []


async def test_a_screen_from_before_or_after_the_discount_asks_again_and_charges_nothing(floor: ShopFloor) -> None:
    await makes(floor, "OFF20", PromoKind.PERCENT, 20)
    nina = await floor.customer()
    await floor.tops_up(nina, 400)
    await floor.click(nina, "plan:sub_3m")
    _, full = button(nina, "349")
    await floor.says(nina, "/promo OFF20")
    answer = await floor.click(nina, full)
    assert answer.text == EN.plain("error.offer_changed")
    _, cheap = button(nina, "279.20")
    await PromoDeskRepository(floor.database, floor.app.stores.cache).stop("OFF20", floor.app.clock.now())
    await floor.rested()
    answer = await floor.click(nina, cheap)
    assert answer.text == EN.plain("error.offer_changed")
    assert button(nina, "349")
    assert await balance(floor, nina) == "400.00"


async def test_a_forged_discount_is_not_given(floor: ShopFloor) -> None:
    await makes(floor, "OFF99", PromoKind.PERCENT, 99)
    theo, nina = await floor.customer(666, "Theo"), await floor.customer()
    await floor.says(nina, "/promo OFF99")
    ((use_id,),) = await floor.database.run(text("SELECT id FROM promo_uses"))
    await floor.tops_up(theo, 400)
    await floor.click(theo, "plan:sub_3m")
    version = button(theo, "349")[1].split(":")[2]
    for forged in (f"{version}-{use_id}", f"{version}-1", f"{version}-0", f"{version}-", f"x-{use_id}", "99"):
        for prefix in ("buy", "gift"):
            await floor.rested()
            await floor.click(theo, f"{prefix}:sub_3m:{forged}:an-intent")
    assert await balance(floor, theo) == "400.00"
    assert await breaks(floor.database) == []


async def test_a_gift_is_bought_handed_on_redeemed_once_and_told_to_who_gave_it(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.tops_up(nina, 400)
    await floor.click(nina, "plan:sub_3m")
    _, data = button(nina, EN.plain("gift.buy"))
    await floor.press(nina, EN.plain("gift.buy"))
    code = shown(nina).partition("start=gift_")[2].split()[0]
    await floor.rested()
    await floor.click(nina, data)
    assert code in shown(nina)
    await floor.press(nina, EN.plain("menu.gifts"))
    assert code in shown(nina)
    max_ = floor.person(502, "Max")
    await floor.start(max_, f"gift_{code}")
    assert "Gift activated: +90 days" in shown(max_)
    await floor.work()
    assert "Your gift has been activated" in "\n".join(m.content.text.text for m in nina.messages.values())
    eve = await floor.customer(503, "Eve")
    await floor.says(eve, f"/promo {code.lower()}")
    assert shown(eve) == EN.plain("promo.gift_taken")
    await floor.click(nina, "m:gifts")
    assert "activated on" in shown(nina)
    assert await balance(floor, nina) == "51.00"
    assert await breaks(floor.database) == []


async def test_guessing_ends_after_ten_wrong_codes(floor: ShopFloor) -> None:
    nina = await floor.customer()
    for number in range(11):
        await floor.says(nina, f"/promo GUESS{number}")
    assert shown(nina) == EN.plain("promo.too_many_misses")
    ((misses,),) = await floor.database.run(text("SELECT count(*) FROM promo_misses"))
    assert misses == 10
