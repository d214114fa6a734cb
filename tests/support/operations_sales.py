"""Codes, gifts and links as people use them, one operation a function. Beside operations.py, which tells how."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.core.actions import BuyPlan, GiftPlan, new_intent
from app.domain.promo import PromoKind, Terms
from app.domain.referral import payload_for
from app.repo.promo_desk import PromoDeskRepository
from app.services.promos import NewPromo
from sandbox.telegram import acts
from tests.support.crash_ground import Scene
from tests.support.scenes import clicked, clicks, operation

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.crash_ground import Ground

USE = text("SELECT id FROM promo_uses WHERE user_id = CAST(:id AS bigint)")
GIFT = text("SELECT code FROM gifts WHERE giver_id = CAST(:id AS bigint)")


@operation
async def code_for_rubles(ground: Ground, person: Person) -> Scene:
    """A code is sent that is worth rubles."""
    return await _sends_code(ground, person, PromoKind.BALANCE)


@operation
async def code_for_days(ground: Ground, person: Person) -> Scene:
    """One that is worth days."""
    return await _sends_code(ground, person, PromoKind.DAYS)


@operation
async def code_for_a_discount(ground: Ground, person: Person) -> Scene:
    """One whose discount waits for a purchase."""
    return await _sends_code(ground, person, PromoKind.PERCENT)


@operation
async def code_that_is_typed(ground: Ground, person: Person) -> Scene:
    """One that the bot has asked for."""
    await clicks(ground, person, "promo", delivered=True)
    acts.write(ground.world.telegram, person, await _code(ground, person, PromoKind.BALANCE))
    return Scene(person)


@operation
async def purchase_with_a_discount(ground: Ground, person: Person) -> Scene:
    """A plan is bought for less."""
    await ground.floor.tops_up(person, 400)
    await _sends_code(ground, person, PromoKind.PERCENT)
    await ground.floor.deliver()
    (use,) = await ground.database.run(USE, {"id": person.id})
    plan = ground.floor.app.settings.catalogue().get("sub_1m")
    return await clicked(ground, person, BuyPlan(key=plan.key, version=f"{plan.version}-{use.id}", intent=new_intent()))


@operation
async def gift_bought(ground: Ground, person: Person) -> Scene:
    """A plan is bought for somebody else."""
    await ground.floor.tops_up(person, 400)
    return await clicked(ground, person, _gift(ground))


@operation
async def gift_redeemed(ground: Ground, giver: Person) -> Scene:
    """A friend comes by the link of a gift."""
    friend = await ground.floor.customer(ground.next_id(), "Max")
    await ground.floor.tops_up(giver, 400)
    await clicks(ground, giver, _gift(ground).pack(), delivered=True)
    (gift,) = await ground.database.run(GIFT, {"id": giver.id})
    acts.start(ground.world.telegram, friend, f"gift_{gift.code}")
    return Scene(friend, giver)


@operation
async def newcomer_with_an_inviter(ground: Ground, inviter: Person) -> Scene:
    """Somebody comes by a customer's link."""
    newcomer = ground.floor.person(ground.next_id(), "Max")
    acts.start(ground.world.telegram, newcomer, payload_for(inviter.id))
    return Scene(newcomer, inviter, is_greeted=True)


def _gift(ground: Ground) -> GiftPlan:
    plan = ground.floor.app.settings.catalogue().get("sub_1m")
    return GiftPlan(key=plan.key, version=plan.version, intent=new_intent())


async def _sends_code(ground: Ground, person: Person, kind: PromoKind) -> Scene:
    acts.write(ground.world.telegram, person, f"/promo {await _code(ground, person, kind)}")
    return Scene(person)


async def _code(ground: Ground, person: Person, kind: PromoKind) -> str:
    """A code of the person's own, worth ten of what it gives."""
    stores = ground.floor.app.stores
    code = f"TEN{person.id}"
    promo = NewPromo(code, kind, Decimal(10), Terms())
    assert await PromoDeskRepository(stores.database, stores.cache).add(promo, ground.world.clock.now())
    return code
