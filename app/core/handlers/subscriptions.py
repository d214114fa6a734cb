"""Buying and renewing, for oneself or as a gift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import BuyPlan, ChoosePlan, GiftPlan
from app.core.handlers.promos import gift_link
from app.core.screens import pages, promos
from app.core.screens.screen import show
from app.core.switchboard import ScreenRouter
from app.domain.errors import InsufficientBalance, OfferChanged

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator
    from app.services.gifts import GiftBought
    from app.services.records import Account

router = ScreenRouter("subscriptions")


@router.click(ChoosePlan)
async def choose(
    query: CallbackQuery, action: ChoosePlan, account: Account, t: Translator, shopfront: Shopfront
) -> None:
    """What buying means, or what is missing for it."""
    plan = shopfront.shop.catalogue.get(action.key)
    await show(query, pages.confirm(t, account, shopfront.clock.now(), plan))


@router.click(BuyPlan)
async def buy(query: CallbackQuery, action: BuyPlan, t: Translator, shopfront: Shopfront) -> None:
    """Buy once for the intent that the screen minted."""
    try:
        purchase = await shopfront.shop.buy(query.from_user.id, action.key, action.version, action.intent)
    except (InsufficientBalance, OfferChanged) as refusal:
        await ask_again(query, action.key, refusal, t, shopfront, action.intent)
        return
    await show(query, pages.bought(t, purchase))


@router.click(GiftPlan)
async def give(query: CallbackQuery, action: GiftPlan, t: Translator, shopfront: Shopfront) -> None:
    """Buy for somebody else, once for the intent that the screen minted."""
    try:
        bought = await shopfront.gifts.buy(query.from_user.id, action.key, action.version, action.intent)
    except (InsufficientBalance, OfferChanged) as refusal:
        await ask_again(query, action.key, refusal, t, shopfront)
        return
    await show_gift(query, bought, t, shopfront)


async def show_gift(query: CallbackQuery, bought: GiftBought, t: Translator, shopfront: Shopfront) -> None:
    """Turn the message into the gift and its link."""
    link = await gift_link(bought.gift, shopfront)
    await show(query, promos.gift_bought(t, bought, shopfront.shop.catalogue, link))


async def ask_again(
    query: CallbackQuery,
    plan_key: str,
    refusal: InsufficientBalance | OfferChanged,
    t: Translator,
    shopfront: Shopfront,
    intent: str | None = None,
) -> None:
    """Show what buying means by now: the store has dropped the copy that the old screen came from."""
    account = await shopfront.accounts.of(query.from_user.id)
    plan = shopfront.shop.catalogue.get(plan_key)
    toast = t.plain("error.offer_changed") if isinstance(refusal, OfferChanged) else None
    await show(query, pages.confirm(t, account, shopfront.clock.now(), plan, intent), toast=toast)
