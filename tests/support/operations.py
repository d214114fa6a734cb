"""What people and Telegram, the chain and CryptoBot do to the shop, one operation a function: each sets the scene for
one shift. Its siblings hold what is about sales, and what operators and YooKassa do.

A new operation is a function with `@operation`; what it says of points and effects is found out by running it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.core.actions import BuyPlan, DeleteConfig, NewConfig, new_intent
from app.domain.referral import payload_for
from app.repo.refunds import RefundRepository
from sandbox.telegram import acts, checkout
from tests.support.crash_ground import Scene
from tests.support.scenes import cancels, clicked, clicks, invoice, opens, operation, pays_stars, stars_invoice
from tests.support.shift import Chores

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.crash_ground import Ground

AGE = text("UPDATE payments SET created_at = created_at - interval '8 days' WHERE user_id = CAST(:id AS bigint)")
CONFIG = text("SELECT id, marzban_username FROM configs WHERE user_id = CAST(:id AS bigint)")
AFTER_THE_DEADLINE = 700
AFTER_THE_PAUSE = 901
FOR_EVER = -1


@operation
async def chain_transfer(ground: Ground, person: Person) -> Scene:
    """An invoice is paid in coins."""
    await opens(ground, person, "ton")
    await ground.floor.pays_last_invoice()
    return Scene(person)


@operation
async def chain_transfer_with_telegram_in_trouble(ground: Ground, person: Person) -> Scene:
    """The same, and the word of it is taken at the second try."""
    await opens(ground, person, "ton")
    await ground.floor.pays_last_invoice()
    await ground.spoils(ground.world.telegram_url, "sendMessage")
    return Scene(person)


@operation
async def first_payment_of_a_friend(ground: Ground, inviter: Person) -> Scene:
    """The same, and somebody gets a bonus for it."""
    friend = ground.floor.person(ground.next_id(), "Max")
    await ground.floor.start(friend, payload_for(inviter.id))
    await opens(ground, friend, "ton")
    await ground.floor.pays_last_invoice()
    return Scene(friend, inviter)


@operation
async def invoice_expires(ground: Ground, person: Person) -> Scene:
    """Nobody pays."""
    await opens(ground, person, "ton")
    ground.world.clock.advance(AFTER_THE_DEADLINE)
    return Scene(person)


@operation
async def invoice_at_a_link_expires(ground: Ground, person: Person) -> Scene:
    """Nobody pays at CryptoBot either."""
    await opens(ground, person, "cryptobot")
    ground.world.clock.advance(AFTER_THE_DEADLINE)
    return Scene(person)


@operation
async def stale_invoice(ground: Ground, person: Person) -> Scene:
    """An invoice that nobody paid is a week old when it is cancelled."""
    await opens(ground, person, "ton")
    await ground.database.run(AGE, {"id": person.id})
    return await cancels(ground, person)


@operation
async def checkout_in_stars(ground: Ground, person: Person) -> Scene:
    """Telegram asks whether the customer may pay."""
    asked = await stars_invoice(ground, person)
    paying = asyncio.create_task(checkout.pay(ground.world.telegram, person, asked))  # noqa: TID251 - awaited there
    await asyncio.sleep(0)
    return Scene(person, paying=paying)


@operation
async def charge_in_stars(ground: Ground, person: Person) -> Scene:
    """Telegram tells that the customer has paid."""
    await pays_stars(ground, person)
    return Scene(person)


@operation
async def charge_in_stars_untold(ground: Ground, person: Person) -> Scene:
    """Telegram's word of it is lost; its list has it."""
    await pays_stars(ground, person)
    ground.floor.take()
    return Scene(person)


@operation
async def webhook_of_cryptobot(ground: Ground, person: Person) -> Scene:
    """An invoice is paid at CryptoBot, which says so."""
    await opens(ground, person, "cryptobot")
    paid = ground.world.till.pay((await invoice(ground)).external_id, "USDT")
    return Scene(person, chores=Chores(webhook=("cryptobot", {"invoice_id": paid.id})))


@operation
async def payment_at_cryptobot_untold(ground: Ground, person: Person) -> Scene:
    """It is paid there, and nobody says so."""
    await opens(ground, person, "cryptobot")
    ground.world.till.pay((await invoice(ground)).external_id, "USDT")
    return Scene(person)


@operation
async def open_an_invoice_in_coins(ground: Ground, person: Person) -> Scene:
    """A click asks for an invoice."""
    await clicks(ground, person, "pay:ton:40000")
    return Scene(person)


@operation
async def open_an_invoice_of_stars(ground: Ground, person: Person) -> Scene:
    """The same at Telegram."""
    await clicks(ground, person, "pay:stars:40000")
    return Scene(person)


@operation
async def open_an_invoice_at_cryptobot(ground: Ground, person: Person) -> Scene:
    """The same at CryptoBot, for a sum that was typed."""
    await clicks(ground, person, "pay:cryptobot:0", delivered=True)
    acts.write(ground.world.telegram, person, "400")
    return Scene(person)


@operation
async def invoice_that_is_not_to_be_had(ground: Ground, person: Person) -> Scene:
    """CryptoBot refuses to make one."""
    await clicks(ground, person, "pay:cryptobot:40000")
    await ground.spoils(ground.world.cryptopay_url, "createInvoice", times=FOR_EVER)
    return Scene(person)


@operation
async def cancel_an_invoice_in_coins(ground: Ground, person: Person) -> Scene:
    """A picture is turned into words."""
    await opens(ground, person, "ton")
    return await cancels(ground, person)


@operation
async def cancel_an_invoice_at_cryptobot(ground: Ground, person: Person) -> Scene:
    """The invoice there is taken away."""
    await opens(ground, person, "cryptobot")
    return await cancels(ground, person)


@operation
async def cancel_an_invoice_at_cryptobot_in_trouble(ground: Ground, person: Person) -> Scene:
    """It stays there, unpaid."""
    await opens(ground, person, "cryptobot")
    await ground.spoils(ground.world.cryptopay_url, "deleteInvoice", times=FOR_EVER)
    return await cancels(ground, person)


@operation
async def purchase(ground: Ground, person: Person) -> Scene:
    """A plan is bought; a config follows."""
    await clicks(ground, person, NewConfig(intent=new_intent()).pack(), delivered=True)
    await ground.floor.tops_up(person, 400)
    plan = ground.floor.app.settings.catalogue().get("sub_1m")
    return await clicked(ground, person, BuyPlan(key=plan.key, version=plan.version, intent=new_intent()))


@operation
async def new_config(ground: Ground, person: Person) -> Scene:
    """A config is wished for and made."""
    return await clicked(ground, person, NewConfig(intent=new_intent()))


@operation
async def new_config_on_a_panel_in_trouble(ground: Ground, person: Person) -> Scene:
    """The panel makes it at the second try."""
    for url in ground.world.panel_urls.values():
        await ground.spoils(url, "POST /api/user")
    return await clicked(ground, person, NewConfig(intent=new_intent()))


@operation
async def goodbye_to_a_config(ground: Ground, person: Person) -> Scene:
    """A config is wished away."""
    config = await _config_of(ground, person)
    return await clicked(ground, person, DeleteConfig(id=config.id, sure=True))


@operation
async def config_in_use_from_too_many_addresses(ground: Ground, person: Person) -> Scene:
    """It is switched off for a while."""
    return Scene(person, chores=Chores(exceeded=(await _config_of(ground, person)).marzban_username))


@operation
async def config_in_use_from_too_many_addresses_on_a_panel_in_trouble(ground: Ground, person: Person) -> Scene:
    """It is switched off at the second try."""
    config = await _config_of(ground, person)
    for url in ground.world.panel_urls.values():
        await ground.spoils(url, "PUT /api/user")
    return Scene(person, chores=Chores(exceeded=config.marzban_username))


@operation
async def pause_of_a_config_ends(ground: Ground, person: Person) -> Scene:
    """It is switched on again."""
    config = await _config_of(ground, person)
    await ground.floor.app.limits.pauses.want(config.marzban_username, 3, ground.floor.app.clock.now())
    await ground.floor.work()
    ground.world.clock.advance(AFTER_THE_PAUSE)
    return Scene(person)


async def _config_of(ground: Ground, person: Person) -> Any:
    """A config that was made for the person."""
    await clicks(ground, person, NewConfig(intent=new_intent()).pack(), delivered=True)
    await ground.floor.work()
    (config,) = await ground.database.run(CONFIG, {"id": person.id})
    return config


@operation
async def refund_by_the_operator(ground: Ground, person: Person) -> Scene:
    """A charge in Stars is given back."""
    charge = await pays_stars(ground, person)
    await ground.floor.deliver()
    return Scene(person, chores=Chores(refund=("stars", charge.id)))


@operation
async def refund_that_was_cut_off(ground: Ground, person: Person) -> Scene:
    """The wish for one is all that there is of it."""
    charge = await pays_stars(ground, person)
    await ground.floor.deliver()
    stores = ground.floor.app.stores
    assert await RefundRepository(stores.database, stores.cache).ask("stars", charge.id, ground.world.clock.now())
    return Scene(person)


@operation
async def refund_whose_answer_is_lost(ground: Ground, person: Person) -> Scene:
    """Telegram gives the charge back, and the bot does not hear of it."""
    charge = await pays_stars(ground, person)
    await ground.floor.deliver()
    await ground.spoils(ground.world.telegram_url, "refundStarPayment", "drop_after")
    return Scene(person, chores=Chores(refund=("stars", charge.id)))


@operation
async def refund_by_telegram(ground: Ground, person: Person) -> Scene:
    """Telegram has given a charge back by itself, and says so."""
    charge = await pays_stars(ground, person)
    await ground.floor.deliver()
    checkout.refund(ground.world.telegram, charge)
    return Scene(person)
