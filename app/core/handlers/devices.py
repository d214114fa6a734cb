"""The devices of a config: look at them, let one go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import RemoveDevice, ShowDevices
from app.core.handlers.utils import row_id
from app.core.screens import devices
from app.core.screens.screen import show
from app.core.switchboard import ScreenRouter

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator

router = ScreenRouter("devices")


@router.click(ShowDevices)
async def show_devices(query: CallbackQuery, action: ShowDevices, t: Translator, shopfront: Shopfront) -> None:
    """Which devices hold the config's places."""
    await _show(query, row_id(action.id), t, shopfront)


@router.click(RemoveDevice)
async def remove_device(query: CallbackQuery, action: RemoveDevice, t: Translator, shopfront: Shopfront) -> None:
    """Give its place free, and show who is left."""
    config_id = row_id(action.id)
    await shopfront.devices.remove(query.from_user.id, config_id, row_id(action.device))
    await _show(query, config_id, t, shopfront, toast=t.plain("devices.removed"))


async def _show(
    query: CallbackQuery, config_id: int, t: Translator, shopfront: Shopfront, toast: str | None = None
) -> None:
    owner = query.from_user.id
    name, cards = await shopfront.devices.of(owner, config_id)
    screen = devices.of_config(t, config_id, name, cards, shopfront.devices.most, shopfront.clock.now())
    await show(query, screen, toast)
