"""What comes by YooKassa and in USDT, and what operators do, one operation a function. Beside operations.py."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.referral import payload_for
from sandbox.chain.jettons import JettonOrder, Jettons
from sandbox.chain.ledger import Order
from tests.support.crash_ground import Scene
from tests.support.scenes import clicks, invoice, opens, operation
from tests.support.shift import Chores

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.crash_ground import Ground


@operation
async def open_an_invoice_at_yookassa(ground: Ground, person: Person) -> Scene:
    """A click asks YooKassa for a payment."""
    await clicks(ground, person, "pay:yookassa:40000")
    return Scene(person)


@operation
async def webhook_of_yookassa(ground: Ground, person: Person) -> Scene:
    """An invoice is paid at YooKassa, which says so."""
    return Scene(person, chores=Chores(webhook=("yookassa", {"id": await _pays_yookassa(ground, person)})))


@operation
async def payment_at_yookassa_untold(ground: Ground, person: Person) -> Scene:
    """It is paid there, and nobody says so."""
    await _pays_yookassa(ground, person)
    return Scene(person)


@operation
async def refund_by_the_operator_at_yookassa(ground: Ground, person: Person) -> Scene:
    """A charge that the books have not heard of yet is given back."""
    return Scene(person, chores=Chores(refund=("yookassa", await _pays_yookassa(ground, person))))


@operation
async def refund_in_the_cabinet_of_yookassa(ground: Ground, person: Person) -> Scene:
    """A part goes back by hand, which YooKassa tells."""
    charge = await _pays_yookassa(ground, person)
    refund = ground.world.shop.give_back_by_hand(charge, Decimal(150))
    return Scene(person, chores=Chores(webhook=("yookassa", {"event": "refund.succeeded", "id": refund.id})))


@operation
async def usdt_transfer(ground: Ground, person: Person) -> Scene:
    """An invoice is paid in USDT."""
    await opens(ground, person, "usdt")
    asked = await invoice(ground)
    chain = ground.world.chain
    Jettons(chain).transfer(JettonOrder("alice", chain.merchant, asked.nano, asked.comment))
    return Scene(person)


@operation
async def money_assigned(ground: Ground, person: Person) -> Scene:
    """The operator gives money that named nobody to a customer whom somebody has invited."""
    friend = ground.floor.person(ground.next_id(), "Max")
    await ground.floor.start(friend, payload_for(person.id))
    return Scene(friend, person, chores=Chores(assign=(f"ton:{await _names_nobody(ground)}", friend.id)))


@operation
async def balance_adjusted(ground: Ground, person: Person) -> Scene:
    """The operator puts a balance right."""
    return Scene(person, chores=Chores(adjust=(person.id, f"put-right-{person.id}")))


@operation
async def news_for_the_operator(ground: Ground, _person: Person) -> Scene:
    """Money that names nobody has come, and the operator is told."""
    await _names_nobody(ground)
    await ground.floor.start(ground.operator)
    return Scene(ground.operator, chores=Chores(office=True))


@operation
async def news_for_the_operator_with_telegram_in_trouble(ground: Ground, person: Person) -> Scene:
    """The same, and the word of it is taken at the second try."""
    scene = await news_for_the_operator(ground, person)
    await ground.spoils(ground.world.telegram_url, "sendMessage")
    return scene


async def _pays_yookassa(ground: Ground, person: Person) -> str:
    """A payment there is paid; its name."""
    await opens(ground, person, "yookassa")
    name = str((await invoice(ground)).external_id)
    ground.world.shop.pay(name, "bank_card")
    return name


async def _names_nobody(ground: Ground) -> str:
    """A transfer that waits for an operator; its hash."""
    landed = ground.world.chain.transfer(Order("Nina", ground.world.chain.merchant, 10**9))
    await ground.floor.work()
    return landed.hash
