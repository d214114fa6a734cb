"""Traffic by the day, of all configs and of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import ShowTraffic
from app.core.handlers.utils import row_id
from app.core.screens import traffic
from app.core.screens.screen import show
from app.core.switchboard import ScreenRouter

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator

router = ScreenRouter("traffic")


@router.click(ShowTraffic)
async def show_traffic(query: CallbackQuery, action: ShowTraffic, t: Translator, shopfront: Shopfront) -> None:
    """A picture of the month with the sums below it."""
    config_id = row_id(action.id) if action.id else None
    counted = await shopfront.traffic.of(query.from_user.id, config_id)
    await show(query, await traffic.of(t, counted, config_id))
