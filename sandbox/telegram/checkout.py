"""Owns the way of a payment in Stars: the question to the bot, its answer, the charge; must not know the page."""

import asyncio
import secrets
from dataclasses import dataclass

from aiogram.types import Message, PreCheckoutQuery

from sandbox.telegram.acts import ActError
from sandbox.telegram.people import Content, Person, StoredMessage
from sandbox.telegram.stars import CURRENCY, StarsInvoice, Transfer
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.text.formatted import Formatted
from sandbox.telegram.wire import user

_LOST = {"drop_before", "drop_after"}


@dataclass(frozen=True, slots=True)
class Payment:
    """How it went: the charge, or the words that the payer reads."""

    charge: Transfer | None
    error: str | None


def invoice_of(telegram: Telegram, person: Person, message_id: int | None, link: str | None) -> StarsInvoice:
    """Return what a message or a link asks for; ActError where it asks for nothing."""
    stored = person.messages.get(message_id) if message_id is not None else None
    found = stored.content.invoice if stored else telegram.stars.at_link(link or "")
    if found is None:
        raise ActError("there is no invoice")
    return found


async def pay(telegram: Telegram, person: Person, invoice: StarsInvoice) -> Payment:
    """Ask the bot, wait for its answer, and charge the person where it agrees."""
    if telegram.stars.balance(person.id) < invoice.stars:
        return Payment(None, "Not enough Stars.")
    query_id = str(10**17 + secrets.randbelow(9 * 10**17))
    answer = telegram.checkouts[query_id] = asyncio.get_running_loop().create_future()
    query = PreCheckoutQuery(
        id=query_id,
        from_user=user(person),
        currency=CURRENCY,
        total_amount=invoice.stars,
        invoice_payload=invoice.payload,
    )
    telegram.updates.add("pre_checkout_query", person.id, query)
    try:
        async with asyncio.timeout(telegram.stars.checkout_seconds):
            error = await answer
    except TimeoutError:
        error = "The bot did not answer in time."
    finally:
        telegram.checkouts.pop(query_id, None)
    if error is not None:
        return Payment(None, error)
    return Payment(_charged(telegram, person, invoice), None)


def refund(telegram: Telegram, charge: Transfer) -> None:
    """Give a charge back and say so in the chat."""
    telegram.stars.refund(charge, telegram.now())
    person = telegram.people.find(charge.person_id)
    if person is not None:
        _announce(telegram, person, charge, "refunded_payment")


def _charged(telegram: Telegram, person: Person, invoice: StarsInvoice) -> Transfer:
    # Who pays at a link need not have met the bot; the service message opens the chat, as Start does.
    person.started = True
    charge = telegram.stars.charge(person.id, invoice, telegram.now())
    _announce(telegram, person, charge, "successful_payment", invoice.title)
    return charge


def _announce(telegram: Telegram, person: Person, charge: Transfer, kind: str, title: str = "") -> None:
    words = f"You paid {charge.stars} ⭐ for {title}" if kind == "successful_payment" else f"{charge.stars} ⭐ are back"
    stored = telegram.post(person, Content(Formatted(words), is_service=True), by_bot=False, fixed=True)
    if not _is_lost(telegram, kind, charge):
        telegram.updates.add("message", person.id, _told(telegram, person, stored, charge, kind))


def _is_lost(telegram: Telegram, kind: str, charge: Transfer) -> bool:
    # A script for all calls of the Bot API means calls, not updates.
    if not any(fault.match.startswith("update:") for fault in telegram.faults.listing()):
        return False
    fault = telegram.faults.take(f"update:{kind}", charge.id)
    return fault is not None and fault.action in _LOST


def _told(telegram: Telegram, person: Person, stored: StoredMessage, charge: Transfer, kind: str) -> Message:
    money: dict[str, object] = {
        "currency": CURRENCY,
        "total_amount": charge.stars,
        "invoice_payload": charge.payload,
        "telegram_payment_charge_id": charge.id,
        "provider_payment_charge_id": "",
    }
    bare = telegram.told(person, stored).model_dump(exclude_none=True, exclude={"text", "entities"})
    return Message.model_validate({**bare, kind: money})
