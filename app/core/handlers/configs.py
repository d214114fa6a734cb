"""My VPN: make a config, look at it, delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import DeleteConfig, LeaveWaiting, NewConfig, ReissueLink, ShowConfig, ShowKey
from app.core.handlers.utils import row_id
from app.core.keys.configs import back_to_config, creating, delete_config, reissue_link
from app.core.patience import with_patience
from app.core.screens import details, locations, pages
from app.core.screens.screen import Screen, show
from app.core.switchboard import ScreenRouter
from app.services.records import ConfigStatus

if TYPE_CHECKING:
    from aiogram.fsm.context import FSMContext
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator
    from app.services.records import Account

router = ScreenRouter("configs")


@router.click(NewConfig)
async def create(query: CallbackQuery, action: NewConfig, t: Translator, shopfront: Shopfront) -> None:
    """Ask where it is to stand, if there is a choice."""
    countries = shopfront.locations.offered()
    if countries:
        await show(query, locations.where_to_make(t, countries, action.intent))
    else:
        await make(query, action.intent, None, t, shopfront)


@router.click(ShowConfig)
async def show_config(
    query: CallbackQuery,
    action: ShowConfig,
    t: Translator,
    shopfront: Shopfront,
    state: FSMContext,
    raw_state: str | None,
) -> None:
    """Link, QR, expiry, traffic; whoever comes back from the question for a name answers it no more."""
    if raw_state is not None:
        await state.clear()
    await show_one(query, row_id(action.id), t, shopfront)


@router.click(LeaveWaiting)
async def leave_waiting(
    query: CallbackQuery, action: LeaveWaiting, account: Account, t: Translator, shopfront: Shopfront
) -> None:
    """Back to the list; the config will come as a message of its own."""
    await shopfront.configs.leave(query.from_user.id, row_id(action.id))
    await show(query, pages.my_vpn(t, account, shopfront.clock.now()))


@router.click(ShowKey)
async def show_key(query: CallbackQuery, action: ShowKey, t: Translator, shopfront: Shopfront) -> None:
    """The bare key, for apps that take no subscription link."""
    config = await shopfront.configs.peek(query.from_user.id, row_id(action.id))
    if config.link is None or query.message is None or query.bot is None:
        await query.answer(t.plain("config.traffic_unknown"))
        return
    await query.answer()
    text = t("config.key_text", name=config.name, link=config.link)
    await query.bot.send_message(
        query.from_user.id, text, protect_content=True, reply_markup=back_to_config(t, config.id)
    )


@router.click(ReissueLink)
async def new_link(query: CallbackQuery, action: ReissueLink, t: Translator, shopfront: Shopfront) -> None:
    """Ask first; then give the config another link, and show it."""
    owner, config_id = query.from_user.id, row_id(action.id)
    if action.sure:
        await shopfront.configs.reissue_link(owner, config_id)
        await show_one(query, config_id, t, shopfront, toast=t.plain("config.reissued"))
        return
    config = await shopfront.configs.peek(owner, config_id)
    await show(query, Screen(t("config.reissue_ask", name=config.name), reissue_link(t, config_id)))


@router.click(DeleteConfig)
async def delete(
    query: CallbackQuery, action: DeleteConfig, account: Account, t: Translator, shopfront: Shopfront
) -> None:
    """Ask first; then wish it away, and show what is left."""
    owner, config_id = query.from_user.id, row_id(action.id)
    if not action.sure:
        config = await shopfront.configs.peek(owner, config_id)
        await show(query, Screen(t("config.delete_ask", name=config.name), delete_config(t, config_id)))
        return
    await shopfront.configs.delete(owner, config_id)
    left = tuple(card for card in account.configs if card.id != config_id)
    screen = pages.my_vpn(t, account, shopfront.clock.now(), left)
    await show(query, screen, toast=t.plain("config.deleted"))


async def make(query: CallbackQuery, intent: str, country: str | None, t: Translator, shopfront: Shopfront) -> None:
    """Record the wish and say so; the same message becomes the config when the panel has followed."""
    message_id = query.message.message_id if query.message else None
    card = await shopfront.configs.create(query.from_user.id, intent, message_id, country)
    if card.status is ConfigStatus.CREATING:
        await show(query, Screen(t("vpn.creating"), creating(t, card.id)))
    else:
        await show_one(query, card.id, t, shopfront)


async def show_one(
    query: CallbackQuery, config_id: int, t: Translator, shopfront: Shopfront, toast: str | None = None
) -> None:
    """Turn the message into the config; one that is being made turns it later."""
    config = await shopfront.configs.get(query.from_user.id, config_id)
    if config.link is None and query.message is not None:
        await shopfront.configs.wait_in(query.from_user.id, config_id, query.message.message_id)
    usage = await with_patience(query.bot, query.from_user.id, shopfront.configs.usage(config))
    await show(query, details.config(t, config, usage), toast)
