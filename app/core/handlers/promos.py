"""Promo codes and gift codes: typed, sent with a command, brought by a link; and one's own gifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import EnterPromo, EnterPromoAtPlans
from app.core.screens import promos
from app.core.screens.screen import Screen, reply, send, show
from app.core.states import PromoState
from app.core.switchboard import ScreenRouter
from app.domain.errors import MalformedAction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiogram import Bot
    from aiogram.fsm.context import FSMContext
    from aiogram.types import CallbackQuery, Message

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator
    from app.services.gifts import Gift

router = ScreenRouter("promos")


@router.click(EnterPromo)
@router.click(EnterPromoAtPlans)
async def enter(query: CallbackQuery, action: EnterPromo | EnterPromoAtPlans, t: Translator, state: FSMContext) -> None:
    """Wait for a code."""
    await state.set_state(PromoState.waiting_code)
    await show(query, promos.ask(t, action.section))


@router.on_command("promo")
async def promo(
    message: Message, payload: str, bot: Bot, t: Translator, shopfront: Shopfront, state: FSMContext
) -> None:
    """The code behind the command, or else the next message."""
    if payload:
        await redeem(message, payload, t, shopfront)
        return
    await state.set_state(PromoState.waiting_code)
    await send(bot, message.chat.id, promos.ask(t))


@router.dialog(PromoState.waiting_code)
async def typed(message: Message, t: Translator, shopfront: Shopfront, state: FSMContext) -> None:
    """A code typed by hand; after one that was refused another may follow."""
    await redeem(message, message.text or "", t, shopfront)
    await state.clear()


async def redeem(message: Message, code: str, t: Translator, shopfront: Shopfront) -> None:
    """Take the code for who sent it. The message is the intent: coming again, it takes nothing twice."""
    if message.from_user is None:
        raise MalformedAction
    intent = f"{message.message_id}@{message.date:%Y%m%d%H%M%S}"
    got = await shopfront.promos.redeem(message.from_user.id, code, intent)
    await reply(message, promos.redeemed(t, got))


async def gifts_page(tg_id: int, t: Translator, shopfront: Shopfront) -> Screen:
    """The person's gifts."""
    given: Sequence[Gift] = await shopfront.gifts.of(tg_id)
    links = [await gift_link(gift, shopfront) for gift in given]
    return promos.gifts(t, given, shopfront.shop.catalogue, links)


async def gift_link(gift: Gift, shopfront: Shopfront) -> str:
    """The deep link that redeems the gift."""
    return f"https://t.me/{await shopfront.bot_username()}?start=gift_{gift.code}"
