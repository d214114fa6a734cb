"""Topping up: method, amount, invoice, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core import keyboards
from app.core.actions import CancelInvoice, CheckInvoice, ChooseMethod, TopUp
from app.core.handlers.utils import method_of, row_id
from app.core.keys import topups as topups_keys
from app.core.patience import with_patience
from app.core.screens import details, pages
from app.core.screens.screen import Screen, send, show
from app.core.states import PaymentState
from app.core.switchboard import ScreenRouter
from app.domain.errors import InvalidAmount, MethodUnavailable
from app.domain.money import Money, parse_amount
from app.domain.payment import PaymentStatus
from app.services.topups import MAXIMUM, MINIMUM

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.fsm.context import FSMContext
    from aiogram.types import CallbackQuery, Message

    from app.core.shopfront import Shopfront
    from app.domain.payment import PaymentMethod
    from app.locales.locales import Translator
    from app.services.records import OpenedPayment

router = ScreenRouter("payments")


@router.click(TopUp)
async def top_up(query: CallbackQuery, action: TopUp, t: Translator, shopfront: Shopfront, state: FSMContext) -> None:
    """Choose how to pay; with a single way there is nothing to choose."""
    methods = shopfront.topups.methods
    if not methods:
        raise MethodUnavailable
    if len(methods) == 1:
        await _amount(query, methods[0], action.missing, t, shopfront, state)
        return
    await state.set_state(PaymentState.method)
    await show(query, pages.choose_method(t, methods, action.missing))


@router.click(ChooseMethod)
async def choose_method(
    query: CallbackQuery, action: ChooseMethod, t: Translator, shopfront: Shopfront, state: FSMContext
) -> None:
    """Go on to the amount, or to the invoice where the amount is chosen already."""
    await _amount(query, method_of(action.method), action.kopecks, t, shopfront, state)


@router.dialog(PaymentState.waiting_amount)
async def typed_amount(message: Message, bot: Bot, t: Translator, shopfront: Shopfront, state: FSMContext) -> None:
    """A sum typed by hand."""
    amount = parse_amount(message.text or "", MINIMUM, MAXIMUM)
    if amount is None or message.from_user is None:
        raise InvalidAmount(MINIMUM, MAXIMUM)
    method = method_of(str((await state.get_data()).get("method")))
    opening = shopfront.topups.open(message.from_user.id, method, amount)
    opened = await with_patience(bot, message.chat.id, opening)
    shown = await send(bot, message.chat.id, details.invoice(t, opened.invoice))
    await shopfront.topups.shown_in(opened.payment.id, shown.message_id)
    await state.clear()


@router.click(CheckInvoice)
async def check(query: CallbackQuery, action: CheckInvoice, t: Translator, shopfront: Shopfront) -> None:
    """Say how the payment stands, and have the chain read soon; an invoice that is closed goes from the chat."""
    payment = await shopfront.topups.check(query.from_user.id, row_id(action.id))
    match payment.status:
        case PaymentStatus.PENDING:
            await query.answer(t.plain("invoice.waiting"), show_alert=True)
        case PaymentStatus.CONFIRMED:
            await show(query, Screen(t("invoice.paid_already"), topups_keys.paid(t)))
        case PaymentStatus.FAILED:
            await show(query, Screen(t("invoice.dead"), topups_keys.top_up_again(t, payment.amount)))


@router.click(CancelInvoice)
async def cancel(query: CallbackQuery, action: CancelInvoice, t: Translator, shopfront: Shopfront) -> None:
    """Close the invoice; what was sent all the same is still credited."""
    payment = await shopfront.topups.cancel(query.from_user.id, row_id(action.id))
    text = t("invoice.cancelled", amount=t.money(payment.amount))
    await show(query, Screen(text, keyboards.to_home(t.language)))


async def _amount(
    query: CallbackQuery, method: PaymentMethod, kopecks: int, t: Translator, shopfront: Shopfront, state: FSMContext
) -> None:
    if kopecks == 0:
        await state.set_state(PaymentState.waiting_amount)
        await state.set_data({"method": method.value})
        await show(query, pages.ask_amount(t, method, can_choose=len(shopfront.topups.methods) > 1))
        return
    person = query.from_user.id
    opened = await with_patience(query.bot, person, shopfront.topups.open(person, method, Money(kopecks)))
    await state.clear()
    await show_invoice(query, opened, t, shopfront)


async def show_invoice(query: CallbackQuery, opened: OpenedPayment, t: Translator, shopfront: Shopfront) -> None:
    """Turn the message into the invoice, and remember it: what becomes of the payment is told there."""
    shown = await show(query, details.invoice(t, opened.invoice))
    if shown is not None:
        await shopfront.topups.shown_in(opened.payment.id, shown.message_id)
