"""From the first press to a config on a device: which device, what to install, what to press."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import AskDevice, Connect, ShowGuide
from app.core.handlers.utils import row_id
from app.core.screens import connect, pages
from app.core.screens.screen import show
from app.core.switchboard import ScreenRouter
from app.domain.apps import SYSTEMS
from app.domain.errors import MalformedAction
from app.domain.subscription import is_active

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator
    from app.services.records import Account

router = ScreenRouter("connect")


@router.click(Connect)
async def begin(query: CallbackQuery, action: Connect, account: Account, t: Translator, shopfront: Shopfront) -> None:
    """Have a config by the time that the device is chosen; without time left, how to get some."""
    now = shopfront.clock.now()
    if account.configs:
        card = account.configs[0]
    elif is_active(account.subscription_end, now):
        card = await shopfront.configs.first(query.from_user.id, action.intent)
    else:
        await show(query, pages.my_vpn(t, account, now))
        return
    await show(query, connect.ask(t, card.id, is_first=True))


@router.click(AskDevice)
async def ask_device(query: CallbackQuery, action: AskDevice, t: Translator, shopfront: Shopfront) -> None:
    """On which device the config is to be used."""
    config = await shopfront.configs.peek(query.from_user.id, row_id(action.id))
    await show(query, connect.ask(t, config.id))


@router.click(ShowGuide)
async def show_guide(query: CallbackQuery, action: ShowGuide, t: Translator, shopfront: Shopfront) -> None:
    """What to install and press; a config that is still being made turns this message into it."""
    if action.system not in SYSTEMS:
        raise MalformedAction
    message_id = query.message.message_id if query.message else None
    config = await shopfront.configs.guided(query.from_user.id, row_id(action.id), message_id, action.system)
    await show(query, connect.guide(t, config, action.system))
