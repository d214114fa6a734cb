"""What a person may do who is banned, or not yet in the required channel: money and help stay open. Shows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiogram.types import CallbackQuery, Message

from app.core.actions import (
    AskSupport,
    BuyPlan,
    CancelInvoice,
    CheckInvoice,
    ChooseMethod,
    ChoosePlan,
    ChooseSubject,
    CloseTicket,
    EnterPromo,
    EnterPromoAtPlans,
    GiftPlan,
    Menu,
    PayFor,
    SetLanguage,
    ShowHistory,
    ShowReceipt,
    ShowRenewal,
    StopRenewal,
    TopUp,
    kind_of,
)
from app.core.commands import read_command
from app.core.states import PaymentState, PromoState, SupportState

if TYPE_CHECKING:
    from aiogram.types import TelegramObject

HELP_CLICKS = frozenset(action.kind for action in (ChooseSubject, AskSupport, CloseTicket))
MONEY_CLICKS = frozenset(
    action.kind
    for action in (
        TopUp, ChooseMethod, CheckInvoice, CancelInvoice, ChoosePlan, BuyPlan, GiftPlan, PayFor, EnterPromo,
        EnterPromoAtPlans, ShowHistory, ShowReceipt, ShowRenewal, StopRenewal, SetLanguage,
    )
)  # fmt: skip
SUPPORT_PAGE = "support"
OPEN_PAGES = frozenset({"balance", "plans", "gifts", "settings", "help"})
OPEN_COMMANDS = frozenset({"terms", "privacy", "help", "language", "promo"})


def asks_for_help(event: TelegramObject, raw_state: str | None) -> bool:
    """Whether somebody turns to support, which not even a ban keeps from them."""
    if isinstance(event, CallbackQuery):
        return _page(event) == SUPPORT_PAGE or kind_of(event.data or "") in HELP_CLICKS
    if not isinstance(event, Message):
        return False
    command = command_of(event)
    return command == "paysupport" or (command is None and raw_state == SupportState.writing.state)


def is_beyond_the_gate(event: TelegramObject, raw_state: str | None) -> bool:
    """Whether it is about money, help or the language, for which nobody has to be in a channel."""
    if asks_for_help(event, raw_state):
        return True
    if isinstance(event, CallbackQuery):
        return _page(event) in OPEN_PAGES or kind_of(event.data or "") in MONEY_CLICKS
    if not isinstance(event, Message):
        return False
    command = command_of(event)
    is_typing = raw_state in {PaymentState.waiting_amount.state, PromoState.waiting_code.state}
    return command in OPEN_COMMANDS or (command is None and is_typing)


def command_of(message: Message) -> str | None:
    """The command that a message begins with, without its slash."""
    command = read_command(message.text)
    return command[0] if command is not None else None


def _page(query: CallbackQuery) -> str | None:
    """The page of the menu that a button opens."""
    data = query.data or ""
    return data.partition(":")[2] if kind_of(data) == Menu.kind else None
