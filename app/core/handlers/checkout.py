"""Paying for a plan in the same go: how, the invoice, or the plan itself where the balance suffices by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import PayFor
from app.core.handlers.payments import show_invoice
from app.core.handlers.subscriptions import ask_again, show_gift
from app.core.handlers.utils import method_of
from app.core.patience import with_patience
from app.core.screens import checkout, pages
from app.core.screens.screen import show
from app.core.switchboard import ScreenRouter
from app.domain.errors import MethodUnavailable, OfferChanged
from app.domain.promo import Offer
from app.services.gifts import GiftBought
from app.services.records import Purchase

if TYPE_CHECKING:
    from aiogram.fsm.context import FSMContext
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator
    from app.services.records import Account

router = ScreenRouter("checkout")


@router.click(PayFor)
async def pay_for(
    query: CallbackQuery,
    action: PayFor,
    account: Account,
    t: Translator,
    shopfront: Shopfront,
    state: FSMContext,
    raw_state: str | None,
) -> None:
    """Choose how to pay; with a single way, or a chosen one, go on to the invoice."""
    if raw_state is not None:
        await state.clear()
    ways = shopfront.topups.methods
    if not ways:
        raise MethodUnavailable
    if not action.method and len(ways) > 1:
        plan, _ = shopfront.shop.shown(action.key, action.version)
        offer = Offer.to(plan, account.discount, shopfront.clock.now())
        await show(query, checkout.choose_method(t, offer, account.balance, ways, action))
        return
    chosen = action.model_copy(update={"method": action.method or ways[0].value})
    await _pay(query, chosen, t, shopfront)


async def _pay(query: CallbackQuery, wanted: PayFor, t: Translator, shopfront: Shopfront) -> None:
    person, method = query.from_user.id, method_of(wanted.method)
    paying = shopfront.checkout.pay(
        person, method, wanted.key, wanted.version, wanted.intent, is_gift=wanted.is_gift
    )
    try:
        got = await with_patience(query.bot, person, paying)
    except OfferChanged as refusal:
        await ask_again(query, wanted.key, refusal, t, shopfront)
        return
    if isinstance(got, Purchase):
        await show(query, pages.bought(t, got))
    elif isinstance(got, GiftBought):
        await show_gift(query, got, t, shopfront)
    else:
        await show_invoice(query, got, t, shopfront)
