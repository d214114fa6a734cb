"""Telegram's side of payments in Stars, by the bot: links, the list of transactions, refunds. Books nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.methods import TelegramMethod
from aiogram.types import LabeledPrice

from app.core.screens.checkout import what
from app.domain.errors import OrbitError
from app.domain.stars import CURRENCY
from app.locales.locales import DEFAULT_LANGUAGE, translator
from app.services.receipts import ProviderSilent
from app.services.reversals import ChargeUnknown
from app.services.stars import PAGE, StarPage, StarRow

if TYPE_CHECKING:
    from aiogram import Bot

    from app.services.accounts import Accounts
    from app.services.records import Payment

ALREADY_REFUNDED = "CHARGE_ALREADY_REFUNDED"
# Telegram's own refusals, after which nothing has happened and nothing will.
UNKNOWN = ("CHARGE_NOT_FOUND", "CHARGE_ID_EMPTY", "CHARGE_ID_INVALID", "user not found", "USER_ID_INVALID")


class GetRawStarTransactions(TelegramMethod[dict[str, object]]):
    """getStarTransactions with its answer left raw: a partner of a newer kind must not hide the rows around it."""

    __returning__ = dict[str, object]
    __api_method__ = "getStarTransactions"

    offset: int
    limit: int = PAGE


class BotStarsDesk:
    """Implements services.stars.StarsDesk."""

    def __init__(self, bot: Bot, accounts: Accounts) -> None:
        self._bot = bot
        self._accounts = accounts

    async def create_link(self, payment: Payment, payload: str) -> str:
        """Where the payment's Stars can be paid, worded in its owner's language; ProviderSilent."""
        t = translator(await self._language(payment.owner))
        amount, wish = t.money(payment.amount), payment.wish
        title = t.plain("stars.title") if wish is None else what(t, wish.plan, is_gift=wish.is_gift)
        description = "stars.description" if wish is None else "stars.description_wish"
        try:
            return await self._bot.create_invoice_link(
                title=title,
                description=t.plain(description, amount=amount, receipt=payment.id),
                payload=payload,
                provider_token="",
                currency=CURRENCY,
                prices=[LabeledPrice(label=amount, amount=payment.stars or 0)],
            )
        except TelegramAPIError as problem:
            raise ProviderSilent(problem.message) from None

    async def page(self, offset: int) -> StarPage:
        """Up to PAGE rows of Telegram's list behind the oldest `offset`; ProviderSilent."""
        try:
            answer = await self._bot(GetRawStarTransactions(offset=offset))
        except TelegramAPIError as problem:
            raise ProviderSilent(problem.message) from None
        rows = answer.get("transactions")
        if not isinstance(rows, list):
            raise ProviderSilent("the list of transactions is none")
        return StarPage(len(rows), tuple(row for raw in rows if (row := _row(raw)) is not None))

    async def refund(self, payer: int, key: str) -> None:
        """Give a charge back; ChargeUnknown, ProviderSilent where it is not certain whether it was given back."""
        try:
            await self._bot.refund_star_payment(user_id=payer, telegram_payment_charge_id=key)
        except TelegramBadRequest as refusal:
            if ALREADY_REFUNDED in refusal.message:
                return
            if any(words in refusal.message for words in UNKNOWN):
                raise ChargeUnknown(refusal.message) from None
            raise ProviderSilent(refusal.message) from None
        except TelegramAPIError as problem:
            raise ProviderSilent(problem.message) from None

    async def _language(self, owner: int) -> str:
        try:
            return (await self._accounts.of(owner)).language
        except OrbitError:
            return DEFAULT_LANGUAGE


def _row(raw: object) -> StarRow | None:
    """A charge or a refund of one; None for the bot's other dealings in Stars, withdrawals for one."""
    if not isinstance(raw, dict):
        return None
    is_refund = "receiver" in raw
    partner = raw.get("receiver" if is_refund else "source")
    if not isinstance(partner, dict) or partner.get("type") != "user":
        return None
    user, kind = partner.get("user"), partner.get("transaction_type")
    key, stars, at = raw.get("id"), raw.get("amount"), raw.get("date")
    if kind != "invoice_payment" or not (isinstance(key, str) and isinstance(stars, int) and isinstance(at, int)):
        return None
    payer = user.get("id") if isinstance(user, dict) else None
    payload = partner.get("invoice_payload")
    return StarRow(
        key=key,
        payer=payer if isinstance(payer, int) else None,
        payload=payload if isinstance(payload, str) else "",
        stars=stars,
        at=datetime.fromtimestamp(at, UTC),
        is_refund=is_refund,
    )
