"""Delivers notices: renders each in its recipient's language and sends it once. Decides nobody's due."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest

from app.core import keyboards
from app.core.checkout_notices import expired
from app.core.keys import configs as configs_keys
from app.core.keys import sales as sales_keys
from app.core.keys import topups as topups_keys
from app.core.outgoing import PersonGone
from app.core.screens import connect, details
from app.core.screens.pictures import closed_invoice
from app.core.screens.screen import CELEBRATION, Screen, edit, send
from app.domain.apps import SYSTEMS
from app.domain.errors import NotFound, OrbitError
from app.domain.money import ZERO, Money
from app.failpoints import failpoint
from app.locales.locales import translator
from app.services.records import NoticeKind

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import InlineKeyboardMarkup

    from app.core.checkout_notices import CheckoutNews
    from app.locales.locales import Markup, Translator
    from app.services.configs import Configs
    from app.services.ports import Clock, NoticeStore
    from app.services.records import Notice

log = structlog.get_logger(__name__)

LEASE_SECONDS = 30
BATCH = 50
MOST_BACKOFF_SECONDS = 600


class Notifier:
    """Tells people what was promised to them. A text may come twice after a lost answer; its effect never does."""

    def __init__(
        self, bot: Bot, store: NoticeStore, configs: Configs, clock: Clock, checkout: CheckoutNews
    ) -> None:
        self._bot = bot
        self._store = store
        self._configs = configs
        self._clock = clock
        self._checkout = checkout

    async def run_once(self) -> int:
        """Deliver what is due, different people side by side, one person's notices in order; how many were taken."""
        notices = await self._store.claim_due(self._clock.now(), LEASE_SECONDS, BATCH)
        by_person: dict[int, list[Notice]] = {}
        for notice in notices:
            by_person.setdefault(notice.recipient, []).append(notice)
        await asyncio.gather(*(self._deliver_all(theirs) for theirs in by_person.values()))
        return len(notices)

    async def _deliver_all(self, notices: list[Notice]) -> None:
        for notice in notices:
            try:
                await self._deliver(notice)
            except PersonGone:
                log.info("notice_dropped", notice_id=notice.id, reason="person gone")
            except (TelegramAPIError, OrbitError) as error:
                failpoint("notice.failed")
                backoff = min(2**notice.attempts, MOST_BACKOFF_SECONDS)
                log.warning("notice_waits", notice_id=notice.id, error=type(error).__name__, seconds=backoff)
                await self._store.retry(notice.id, self._clock.now() + timedelta(seconds=backoff))
                return
            await self._store.sent(notice.id, self._clock.now())

    async def _deliver(self, notice: Notice) -> None:
        t = translator(notice.language)
        match notice.kind:
            case NoticeKind.PAYMENT_CONFIRMED | NoticeKind.PURCHASE_MADE | NoticeKind.PURCHASE_UNMADE:
                await self._close_invoice(notice, t("invoice.paid"))
                await send(self._bot, notice.recipient, await self._checkout.screen(notice, t))
            case NoticeKind.PAYMENT_EXPIRED:
                over = expired(t, notice.facts)
                await self._close_invoice(notice, over.text, over.keyboard)
            case NoticeKind.PAYMENT_REFUNDED:
                amount = t.money(Money.rub(notice.facts["amount"]))
                text = t("notice.refunded", amount=amount, receipt=notice.facts["receipt"])
                await send(self._bot, notice.recipient, Screen(text, keyboards.to_home(t.language)))
            case NoticeKind.BALANCE_ADJUSTED:
                change = Money.rub(notice.facts["amount"])
                key = "notice.added" if change > ZERO else "notice.taken"
                text = t(key, amount=t.money(abs(change)))
                await send(self._bot, notice.recipient, Screen(text, topups_keys.paid(t)))
            case NoticeKind.REFERRAL_BONUS:
                text = t("notice.bonus", amount=t.money(Money.rub(notice.facts["amount"])))
                await send(self._bot, notice.recipient, Screen(text, topups_keys.paid(t), effect=CELEBRATION))
            case NoticeKind.GIFT_REDEEMED | NoticeKind.RENEWED | NoticeKind.TICKET_CLOSED:
                await send(self._bot, notice.recipient, _news(notice, t))
            case NoticeKind.PURCHASE_RETURNED:
                await self._say_in(notice, Screen(_returned(notice, t), topups_keys.paid(t)))
            case (
                NoticeKind.CONFIG_READY
                | NoticeKind.CONFIG_DELAYED
                | NoticeKind.CONFIG_MOVED
                | NoticeKind.CONFIG_LOCATED
                | NoticeKind.CONFIG_STAYED
                | NoticeKind.CONFIG_PAUSED
            ):
                await self._tell_of_config(notice, t)

    async def _tell_of_config(self, notice: Notice, t: Translator) -> None:
        match notice.kind:
            case NoticeKind.CONFIG_DELAYED:
                keyboard = configs_keys.creating(t, int(notice.facts["config_id"]))
                await self._say_in(notice, Screen(t("vpn.delayed"), keyboard))
            case NoticeKind.CONFIG_MOVED:
                await self._offer_new_key(notice, t)
            case NoticeKind.CONFIG_LOCATED | NoticeKind.CONFIG_STAYED:
                await self._tell_of_place(notice, t)
            case NoticeKind.CONFIG_PAUSED:
                facts = notice.facts
                text = t(
                    "notice.paused",
                    name=facts["name"],
                    addresses=t.count("address", int(facts["addresses"])),
                    most=facts["most"],
                    until=t.moment(datetime.fromisoformat(facts["ends_at"])),
                )
                await send(self._bot, notice.recipient, Screen(text, keyboards.to_home(t.language)))
            case _:
                await self._show_config(notice, t)

    async def _close_invoice(self, notice: Notice, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Put the end into the message that showed the invoice; one that is gone needs no end."""
        if notice.message_id is None:
            return
        # An invoice on TON is a picture with a caption, one that is paid at a link is a text.
        has_link = notice.facts.get("method", "ton") not in {"ton", "usdt"}
        try:
            if has_link:
                await self._bot.edit_message_text(
                    text, chat_id=notice.recipient, message_id=notice.message_id, reply_markup=keyboard
                )
            else:
                # The picture is a code to pay by: it must not stay to be scanned.
                is_over = notice.kind is NoticeKind.PAYMENT_EXPIRED
                screen = Screen(text, keyboard, closed_invoice("expired" if is_over else "paid"))
                await edit(self._bot, notice.recipient, notice.message_id, screen)
        except TelegramBadRequest as problem:
            log.info("invoice_message_gone", notice_id=notice.id, problem=problem.message)
        failpoint("notice.edited")

    async def _say_in(self, notice: Notice, screen: Screen) -> None:
        """Put the text into the message that waits for the config; where it can't be, as a new one."""
        if notice.message_id is None:
            await send(self._bot, notice.recipient, screen)
            return
        try:
            await self._bot.edit_message_text(
                screen.text, chat_id=notice.recipient, message_id=notice.message_id, reply_markup=screen.keyboard
            )
            failpoint("notice.edited")
        except TelegramBadRequest as problem:
            log.info("config_message_gone", notice_id=notice.id, problem=problem.message)
            await send(self._bot, notice.recipient, screen)

    async def _offer_new_key(self, notice: Notice, t: Translator) -> None:
        """Say that the key changed, above a button that shows the config; one that is gone needs no key."""
        config_id = int(notice.facts["config_id"])
        try:
            await self._configs.get(notice.recipient, config_id)
        except NotFound:
            return
        await send(self._bot, notice.recipient, Screen(t("notice.moved"), configs_keys.new_key(t, config_id)))

    async def _tell_of_place(self, notice: Notice, t: Translator) -> None:
        """Where the config stands now that its owner had wished it elsewhere; one that is gone stands nowhere."""
        try:
            config = await self._configs.get(notice.recipient, int(notice.facts["config_id"]))
        except NotFound:
            return
        where = t("location.unknown") if config.country is None else t.country(config.country)
        if notice.kind is NoticeKind.CONFIG_STAYED:
            text = t("notice.stayed", name=config.name, country=where)
        else:
            key = "notice.located" if config.public_url else "notice.located_key"
            text = t(key, name=config.name, country=where)
        await send(self._bot, notice.recipient, Screen(text, configs_keys.open_config(t, config.id)))

    async def _show_config(self, notice: Notice, t: Translator) -> None:
        """The config, or how it comes onto the device that was chosen while it was being made."""
        try:
            config = await self._configs.get(notice.recipient, int(notice.facts["config_id"]))
        except NotFound:
            return
        system = notice.facts.get("guide")
        if system in SYSTEMS:
            screen = connect.guide(t, config, system)
        else:
            screen = details.config(t, config, await self._configs.usage(config))
        if screen.photo is None:
            await self._say_in(notice, screen)
            return
        if notice.message_id is None:
            await send(self._bot, notice.recipient, screen)
            return
        try:
            await edit(self._bot, notice.recipient, notice.message_id, screen)
            failpoint("notice.edited")
        except TelegramBadRequest as problem:
            log.info("config_message_gone", notice_id=notice.id, problem=problem.message)
            await send(self._bot, notice.recipient, screen)


def _returned(notice: Notice, t: Translator) -> Markup:
    """What went back to the balance; what was owed is told apart."""
    amount, debt = Money.rub(notice.facts["amount"]), Money.rub(notice.facts["debt"])
    if debt == ZERO:
        return t("notice.returned", amount=t.money(amount))
    return t("notice.returned_debt", amount=t.money(amount), debt=t.money(debt))


def _news(notice: Notice, t: Translator) -> Screen:
    """What is told in a message of its own; of a renewal with the number that tells a message which came twice."""
    facts = notice.facts
    match notice.kind:
        case NoticeKind.RENEWED:
            price, balance = t.money(Money.rub(facts["price"])), t.money(Money.rub(facts["balance"]))
            end = t.date(datetime.fromisoformat(facts["end"]))
            text = t("notice.renewed", end=end, price=price, balance=balance, receipt=facts["receipt"])
            return Screen(text, sales_keys.bought(t))
        case NoticeKind.TICKET_CLOSED:
            return Screen(t("notice.ticket_closed", number=facts["number"]), keyboards.to_home(t.language))
        case _:
            days = t.count("day", int(facts["days"]))
            return Screen(t("notice.gift", days=days), keyboards.to_home(t.language))
