"""Owns updates that carry money: kept before they are acknowledged, handled until that succeeds. Judges no payment."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from app.domain.errors import StorageUnavailable
from app.domain.stars import CheckoutRefusal
from app.failpoints import failpoint
from app.locales.locales import language_of, translator
from app.services.stars import MoneyKind, MoneyUpdate

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import Update

    from app.services.ports import Clock
    from app.services.stars import StarPayments

log = structlog.get_logger(__name__)

# Telegram waits 10 s for the answer to a checkout: both together leave half of that for the way there and back.
KEEP_SECONDS = 2.0
JUDGE_SECONDS = 3.0
BATCH = 50
REMEMBERED = timedelta(days=30)


class MoneyUpdateStore(Protocol):
    """Where they are kept; implemented in repo. Raises StorageUnavailable."""

    async def keep(self, update: MoneyUpdate, now: datetime) -> None:
        """Store the update, once."""
        ...

    async def handled(self, update_id: int, now: datetime) -> None:
        """Nothing more is to be done for it."""
        ...

    async def due(self, now: datetime, limit: int) -> list[MoneyUpdate]:
        """Those that were not handled in time, each put off longer at every turn."""
        ...

    async def forget(self, before: datetime) -> None:
        """Drop what was handled before then."""
        ...


class MoneyDesk:
    """Pre-checkouts, charges and refunds. None of them passes a middleware: neither a limit nor a ban stops money."""

    def __init__(self, bot: Bot, store: MoneyUpdateStore, stars: StarPayments, clock: Clock) -> None:
        self._bot = bot
        self._store = store
        self._stars = stars
        self._clock = clock

    async def keep(self, update: MoneyUpdate) -> bool:
        """Store the update; whether it may be acknowledged. A checkout always may: who waits for it needs an answer."""
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                await self._store.keep(update, self._clock.now())
        except (StorageUnavailable, TimeoutError):
            log.warning("money_update_not_kept", update_id=update.update_id, kind=update.kind.value)
            return update.kind is MoneyKind.CHECKOUT
        except Exception:
            # One that can't be stored at all must not stop the stream: it is handled, and Telegram's list backs it up.
            log.error("money_update_unfit", update_id=update.update_id, kind=update.kind.value, exc_info=True)
        return True

    async def handle(self, update: MoneyUpdate) -> None:
        """Deal with it; what it raises leaves it due. Safe to repeat."""
        if update.kind is MoneyKind.CHECKOUT:
            await self._answer(update)
        else:
            await self._stars.book(update)
        await self._store.handled(update.update_id, self._clock.now())

    async def handle_due(self) -> None:
        """Take up what was not handled when it came."""
        for update in await self._store.due(self._clock.now(), BATCH):
            try:
                await self.handle(update)
            except StorageUnavailable:
                log.warning("money_update_waits", update_id=update.update_id, kind=update.kind.value)
            except Exception:
                # The update loop: one that fails must not hold up the others.
                log.error("money_update_failed", update_id=update.update_id, kind=update.kind.value, exc_info=True)

    async def forget(self) -> None:
        """Drop what was handled a month ago; by then Telegram has long forgotten its ids."""
        await self._store.forget(self._clock.now() - REMEMBERED)

    async def _answer(self, update: MoneyUpdate) -> None:
        refusal, language = await self._judged(update)
        log.info("checkout", payload=update.payload[:32], refusal=refusal.value if refusal else None)
        words = translator(language or language_of(update.language)).plain(refusal.value) if refusal else None
        await self._bot.answer_pre_checkout_query(update.key, ok=refusal is None, error_message=words)
        failpoint("checkout.answered")

    async def _judged(self, update: MoneyUpdate) -> tuple[CheckoutRefusal | None, str | None]:
        try:
            async with asyncio.timeout(JUDGE_SECONDS):
                return await self._stars.judge(update)
        except (StorageUnavailable, TimeoutError):
            log.warning("checkout_not_judged", update_id=update.update_id)
        except Exception:
            # Silence would leave the payer waiting; a no is safe, and no money has moved.
            log.error("checkout_failed", update_id=update.update_id, exc_info=True)
        return CheckoutRefusal.NOT_NOW, None


def money_update_of(update: Update) -> MoneyUpdate | None:
    """What an update says of money; None for one that says nothing of it."""
    query, message = update.pre_checkout_query, update.message
    if query is not None:
        return MoneyUpdate(
            update.update_id,
            MoneyKind.CHECKOUT,
            query.from_user.id,
            query.from_user.language_code,
            datetime.now(UTC),
            query.id,
            query.currency,
            query.total_amount,
            query.invoice_payload,
        )
    payment = (message.successful_payment or message.refunded_payment) if message is not None else None
    if message is None or payment is None:
        return None
    # In a private chat the chat is the payer; a refund's message may come from the bot itself.
    payer = message.from_user if message.from_user is not None and not message.from_user.is_bot else message.chat
    return MoneyUpdate(
        update.update_id,
        MoneyKind.PAID if message.successful_payment is not None else MoneyKind.REFUNDED,
        payer.id,
        message.from_user.language_code if message.from_user is not None else None,
        message.date,
        payment.telegram_payment_charge_id,
        payment.currency,
        payment.total_amount,
        payment.invoice_payload,
    )
