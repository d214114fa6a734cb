"""Requests to support: what about, which payment, the messages themselves; and who has come to the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import AskSupport, CheckChannel, ChooseSubject, CloseTicket
from app.core.handlers.utils import row_id
from app.core.operators import PASSES
from app.core.screens import pages
from app.core.screens import support as screens
from app.core.screens.screen import reply, show
from app.core.states import SupportState
from app.core.switchboard import ScreenRouter
from app.domain.errors import MalformedAction
from app.services.history import EntryRef
from app.services.support import Category, Said, Subject

if TYPE_CHECKING:
    from aiogram.fsm.context import FSMContext
    from aiogram.types import CallbackQuery, Message

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator
    from app.services.records import Account
    from app.services.support import Support

router = ScreenRouter("support")

CHOICE = 6


async def open_page(query: CallbackQuery, t: Translator, shopfront: Shopfront, state: FSMContext) -> None:
    """The page of the menu: what to write about; with a request open the next message belongs to it."""
    ticket = await _desk(shopfront).open_of(query.from_user.id)
    if ticket is not None:
        await state.set_state(SupportState.writing)
    await show(query, screens.page(t, ticket))


@router.click(ChooseSubject)
async def choose_subject(
    query: CallbackQuery, action: ChooseSubject, t: Translator, shopfront: Shopfront, state: FSMContext
) -> None:
    """Go on to the payment that it is about, where there is one to choose, or to the writing."""
    category = _category(action.category, shopfront)
    if category is Category.PAYMENT:
        entries = await shopfront.history.topups(query.from_user.id, CHOICE)
        if entries:
            await show(query, screens.which(t, entries))
            return
    await _begin(state, Subject(category))
    await show(query, screens.write(t, category))


@router.click(AskSupport)
async def ask(query: CallbackQuery, action: AskSupport, t: Translator, shopfront: Shopfront, state: FSMContext) -> None:
    """Wait for the message, about one of one's own payments or none."""
    category = _category(action.category, shopfront)
    if action.id == 0:
        await _begin(state, Subject(category))
        await show(query, screens.write(t, category))
        return
    ref = EntryRef(row_id(action.id), action.payment)
    receipt = await shopfront.history.receipt(query.from_user.id, ref)
    await _begin(state, Subject(category, ref))
    await show(query, screens.write(t, category, receipt))


@router.click(CloseTicket)
async def solved(
    query: CallbackQuery, action: CloseTicket, t: Translator, shopfront: Shopfront, state: FSMContext
) -> None:
    """Close one's own request."""
    await _desk(shopfront).solve(query.from_user.id, row_id(action.id))
    await state.clear()
    await show(query, screens.closed(t))


@router.dialog(SupportState.writing)
async def written(message: Message, t: Translator, shopfront: Shopfront, state: FSMContext) -> None:
    """A message for operators; those that follow belong to the same request. Once that is closed there is none."""
    if message.content_type not in PASSES:
        await message.answer(t("support.cant_pass"))
        return
    subject = _subject(await state.get_data())
    if not await passed_on(message, subject, t, shopfront):
        await state.clear()
        await reply(message, screens.page(t, None))
    elif subject is not None:
        await state.set_data({})


async def passed_on(message: Message, subject: Subject | None, t: Translator, shopfront: Shopfront) -> bool:
    """Whether the message went into a request: the open one, or a new one about `subject`."""
    desk = shopfront.support
    if desk is None or message.from_user is None or message.content_type not in PASSES:
        return False
    answered = message.reply_to_message
    reply_to = answered.message_id if answered is not None else None
    tg_id = message.from_user.id
    is_news = await desk.ask(tg_id, Said(message.chat.id, message.message_id, tg_id, reply_to), subject)
    if is_news:
        await reply(message, screens.sent(t))
    return is_news is not None


@router.click(CheckChannel)
async def came(
    query: CallbackQuery, action: CheckChannel, account: Account, t: Translator, shopfront: Shopfront
) -> None:
    """The gate let the person in: the menu."""
    await show(query, pages.home(t, account, shopfront.clock.now()))


async def _begin(state: FSMContext, subject: Subject) -> None:
    await state.set_state(SupportState.writing)
    entry = subject.entry.text if subject.entry is not None else None
    await state.set_data({"category": subject.category.value, "entry": entry})


def _subject(kept: dict[str, object]) -> Subject | None:
    """What the request is about, from the dialogue's data; None where a request is under way."""
    category, entry = kept.get("category"), kept.get("entry")
    if category is None:
        return None
    return Subject(Category(str(category)), EntryRef.of(str(entry)) if entry else None)


def _category(text: str, shopfront: Shopfront) -> Category:
    _desk(shopfront)
    try:
        return Category(text)
    except ValueError:
        raise MalformedAction from None


def _desk(shopfront: Shopfront) -> Support:
    """Support inside the bot; a button of it is out of date where there is none any more."""
    if shopfront.support is None:
        raise MalformedAction
    return shopfront.support
