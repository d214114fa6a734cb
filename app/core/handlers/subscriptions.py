"""Buying and renewing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import BuyPlan, ChoosePlan
from app.core.screens import pages
from app.core.screens.screen import show
from app.core.switchboard import ScreenRouter
from app.domain.errors import InsufficientBalance

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator
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
    except InsufficientBalance as refusal:
        plan = shopfront.shop.catalogue.get(action.key)
        await show(query, pages.short(t, plan, refusal.have))
        return
    await show(query, pages.bought(t, purchase))
