"""The dialogue that gives a config another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import RenameConfig
from app.core.handlers.utils import row_id
from app.core.keys.configs import back_to_config
from app.core.screens import details
from app.core.screens.screen import Screen, send, show
from app.core.states import ConfigState
from app.core.switchboard import ScreenRouter
from app.domain.errors import NotFound
from app.domain.names import MOST_VISIBLE

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.fsm.context import FSMContext
    from aiogram.types import CallbackQuery, Message

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator

router = ScreenRouter("names")


@router.click(RenameConfig)
async def ask(
    query: CallbackQuery, action: RenameConfig, t: Translator, shopfront: Shopfront, state: FSMContext
) -> None:
    """Wait for the name."""
    config = await shopfront.configs.peek(query.from_user.id, row_id(action.id))
    await state.set_state(ConfigState.waiting_name)
    await state.set_data({"config_id": config.id})
    text = t("config.rename_ask", name=config.name, most=MOST_VISIBLE)
    await show(query, Screen(text, back_to_config(t, config.id)))


@router.dialog(ConfigState.waiting_name)
async def typed(message: Message, bot: Bot, t: Translator, shopfront: Shopfront, state: FSMContext) -> None:
    """The name; after one that can't be another may follow."""
    config_id = (await state.get_data()).get("config_id")
    if not isinstance(config_id, int) or message.from_user is None:
        raise NotFound
    owner = message.from_user.id
    await shopfront.configs.rename(owner, config_id, message.text or "")
    config = await shopfront.configs.get(owner, config_id)
    await send(bot, message.chat.id, details.config(t, config, await shopfront.configs.usage(config)))
    await state.clear()
