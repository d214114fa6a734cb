"""The switches for renewing by itself and for reminders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import AgreeRenewal, SetReminders, ShowReminders, ShowRenewal, StopRenewal
from app.core.screens import renewals
from app.core.screens.screen import show
from app.core.switchboard import ScreenRouter
from app.domain.errors import PlanChanged

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator

router = ScreenRouter("renewals")

# The pages from which one comes here, and to which one goes back.
PAGES = frozenset({"vpn", "plans", "settings"})


@router.click(ShowRenewal)
async def show_renewal(query: CallbackQuery, action: ShowRenewal, t: Translator, shopfront: Shopfront) -> None:
    """What renews itself, when and by which plan, or which plan it could be."""
    await _show(query, action.back, t, shopfront, choosing=action.choosing)


@router.click(AgreeRenewal)
async def agree(query: CallbackQuery, action: AgreeRenewal, t: Translator, shopfront: Shopfront) -> None:
    """Renew by the plan as it was shown; one that is sold differently by now is shown anew."""
    toast = t.plain("renewal.turned_on")
    try:
        await shopfront.renewals.agree(query.from_user.id, action.key, action.version)
    except PlanChanged:
        toast = t.plain("error.plan_changed")
    await _show(query, action.back, t, shopfront, toast)


@router.click(StopRenewal)
async def stop(query: CallbackQuery, action: StopRenewal, t: Translator, shopfront: Shopfront) -> None:
    """Renew nothing by itself any more."""
    await shopfront.renewals.stop(query.from_user.id)
    await _show(query, action.back, t, shopfront, t.plain("renewal.turned_off"))


@router.click(ShowReminders)
async def show_reminders(query: CallbackQuery, t: Translator, shopfront: Shopfront) -> None:
    """Whether one is reminded."""
    await show(query, renewals.reminders(t, wanted=await shopfront.reminders.wants(query.from_user.id)))


@router.click(SetReminders)
async def set_reminders(query: CallbackQuery, action: SetReminders, t: Translator, shopfront: Shopfront) -> None:
    """Be reminded from now on, or not."""
    await shopfront.reminders.set_wanted(query.from_user.id, wanted=action.wanted)
    await show(query, renewals.reminders(t, wanted=action.wanted), toast=t.plain("settings.saved"))


async def _show(
    query: CallbackQuery,
    back: str,
    t: Translator,
    shopfront: Shopfront,
    toast: str | None = None,
    *,
    choosing: bool = False,
) -> None:
    standing = await shopfront.renewals.of(query.from_user.id)
    came_from = back if back in PAGES else "home"
    catalogue, now = shopfront.renewals.catalogue, shopfront.clock.now()
    await show(query, renewals.renewal(t, standing, catalogue, now, came_from, choosing=choosing), toast)
