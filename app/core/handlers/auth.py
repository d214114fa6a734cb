"""/start with and without an inviter or a code, the main menu, and texts that nobody waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import Menu
from app.core.handlers import support
from app.core.handlers.promos import gifts_page, redeem
from app.core.screens import pages
from app.core.screens.screen import Screen, reply, show
from app.core.switchboard import ScreenRouter
from app.domain.errors import MalformedAction
from app.domain.promo import code_in
from app.domain.referral import inviter_in, payload_for
from app.locales.locales import translator
from app.locales.locales_mw import newcomer

if TYPE_CHECKING:
    from aiogram.fsm.context import FSMContext
    from aiogram.types import CallbackQuery, Message

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator
    from app.services.records import Account

router = ScreenRouter("auth")


@router.on_command("start")
async def start(
    message: Message,
    payload: str,
    shopfront: Shopfront,
    state: FSMContext,
    raw_state: str | None,
    gate: Screen | None = None,
) -> None:
    """Make or greet the account, then take the code of the link; an inviter counts only for a new account.

    Who has to come to a channel first sees the way there (`gate`) instead of the menu.
    """
    person = message.from_user
    if person is None:
        raise MalformedAction
    arrival = await shopfront.accounts.start(newcomer(person, inviter_in(payload)))
    if raw_state is not None:
        await state.clear()
    t = translator(arrival.account.language)
    code = code_in(payload)
    if code is None or arrival.is_new:
        await reply(message, gate or pages.welcome(t, arrival, shopfront.clock.now()))
    if code is not None:
        await redeem(message, code, t, shopfront)


@router.on_command("menu")
async def menu(message: Message, account: Account, t: Translator, shopfront: Shopfront) -> None:
    """The main menu as a new message."""
    await reply(message, pages.home(t, account, shopfront.clock.now()))


@router.click(Menu)
async def open_page(
    query: CallbackQuery,
    action: Menu,
    account: Account,
    t: Translator,
    shopfront: Shopfront,
    state: FSMContext,
    raw_state: str | None,
) -> None:
    """Turn the message into the page; leaving by a menu button ends a dialogue."""
    if raw_state is not None:
        await state.clear()
    if action.page == "invite":
        await show(query, await _invite(account, t, shopfront))
    elif action.page == "gifts":
        await show(query, await gifts_page(account.tg_id, t, shopfront))
    elif action.page == "support":
        await support.open_page(query, t, shopfront, state)
    else:
        await show(query, menu_page(action.page, account, t, shopfront))


def menu_page(page: str, account: Account, t: Translator, shopfront: Shopfront) -> Screen:
    """A page of the menu that needs nothing but the account; MalformedAction for one that is not there."""
    now = shopfront.clock.now()
    match page:
        case "home":
            return pages.home(t, account, now)
        case "vpn":
            return pages.my_vpn(t, account, now)
        case "plans":
            return pages.plans(t, account, now, shopfront.shop.catalogue)
        case "balance":
            return pages.balance(t, account, shopfront.topups.methods)
        case "settings":
            return pages.settings(t)
        case "help":
            return pages.help_page(t, shopfront.contact)
        case _:
            raise MalformedAction


async def _invite(account: Account, t: Translator, shopfront: Shopfront) -> Screen:
    link = f"https://t.me/{await shopfront.bot_username()}?start={payload_for(account.tg_id)}"
    return pages.invite(t, link, shopfront.referral_bonus, await shopfront.accounts.referrals(account.tg_id))


async def unexpected(message: Message, account: Account, t: Translator, shopfront: Shopfront) -> None:
    """A text that no dialogue waits for goes into an open request to support; else say so, and show the menu."""
    if await support.passed_on(message, None, t, shopfront):
        return
    screen = pages.home(t, account, shopfront.clock.now())
    await message.answer(f"{t('topup.use_buttons')}\n\n{screen.text}", reply_markup=screen.keyboard)
