"""Tells operators what is stored for them, each in their language. Decides nothing, and waits for no single one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from aiogram.exceptions import TelegramAPIError

from app.core.outgoing import PersonGone
from app.domain.assets import Asset, format_units
from app.domain.money import Money
from app.failpoints import failpoint
from app.locales.locales import Markup, translator
from app.services.operator_news import NewsKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiogram import Bot

    from app.locales.locales import Translator
    from app.services.operator_news import News, NewsStore
    from app.services.ports import Clock

log = structlog.get_logger(__name__)

LEASE_SECONDS = 60
# Of ten news at 300 characters each, one message holds all.
BATCH = 10
MOST_BACKOFF_SECONDS = 3600


class OperatorNotifier:
    """Delivers news to all of `admins`. A text may come twice after a lost answer, and is kept until it was sent."""

    def __init__(self, bot: Bot, store: NewsStore, admins: Sequence[int], clock: Clock) -> None:
        self._bot = bot
        self._store = store
        self._admins = tuple(dict.fromkeys(admins))
        self._clock = clock

    async def run_once(self) -> int:
        """Tell what is due, in one message for each operator; how much was taken up."""
        news = await self._store.claim_due(self._clock.now(), LEASE_SECONDS, BATCH)
        if not news:
            return 0
        languages = await self._store.languages(self._admins)
        told: set[int] = set()
        waiting: set[int] = set()
        for admin in self._admins:
            untold = [each for each in news if admin not in each.told]
            try:
                await self._tell(admin, untold, translator(languages.get(admin)))
            except PersonGone:
                log.info("operator_gone", admin=admin)
            except TelegramAPIError as error:
                failpoint("news.not_sent")
                log.warning("operator_not_told", admin=admin, error=type(error).__name__)
                waiting.add(admin)
            else:
                told.add(admin)
        await self._conclude(news, everybody_was=bool(told) and not waiting)
        return len(news)

    async def _tell(self, admin: int, news: Sequence[News], t: Translator) -> None:
        if not news:
            return
        text = "\n\n".join(_words(each.kind, each.facts, t) for each in news)
        is_quiet = all(each.kind is NewsKind.AUDIT_RIGHT for each in news)
        await self._bot.send_message(admin, text, disable_notification=is_quiet)
        failpoint("news.sent")
        await self._store.told([each.id for each in news], admin)

    async def _conclude(self, news: Sequence[News], *, everybody_was: bool) -> None:
        ids = [each.id for each in news]
        if everybody_was:
            await self._store.done(ids, self._clock.now())
            return
        backoff = min(2 ** max(each.attempts for each in news), MOST_BACKOFF_SECONDS)
        await self._store.retry(ids, self._clock.now() + timedelta(seconds=backoff))


def _words(kind: NewsKind, facts: Mapping[str, str], t: Translator) -> Markup:
    match kind:
        case NewsKind.UNMATCHED:
            comment = Markup("\n" + t("operator.comment", comment=facts["comment"])) if facts["comment"] else Markup()
            came = _sum(facts["asset"], int(facts["units"]))
            return t("operator.unmatched", sum=came, comment=comment, reference=facts["reference"])
        case NewsKind.DEBT:
            amount = t.money(Money.rub(facts["amount"]))
            return t("operator.debt", amount=amount, user=facts["user"], reference=facts["reference"])
        case NewsKind.SILENT:
            return t("operator.silent", provider=facts["provider"], since=facts["since"])
        case NewsKind.BACK:
            return t("operator.back", provider=facts["provider"], since=facts["since"])
        case NewsKind.AUDIT_RIGHT:
            return t("operator.audit_right", night=facts["night"])
        case NewsKind.AUDIT_BROKEN:
            return t("operator.audit_broken", night=facts["night"], count=facts["count"], named=facts["named"])
        case NewsKind.PANEL_LEFT | NewsKind.SWEEP_STOPPED | NewsKind.PANEL_TWICE:
            return _of_panel(kind, facts, t)
        case NewsKind.UNDELIVERED | NewsKind.RETURNED:
            return _undelivered(kind, facts, t)


def _of_panel(kind: NewsKind, facts: Mapping[str, str], t: Translator) -> Markup:
    panel = facts["panel"]
    if kind is NewsKind.PANEL_LEFT:
        return t("operator.panel_left", panel=panel, since=facts["since"])
    if kind is NewsKind.PANEL_TWICE:
        return t("operator.panel_twice", panel=panel, home=facts["home"])
    key = "operator.sweep_missing" if facts["what"] == "missing" else "operator.sweep_leftovers"
    return t(key, panel=panel, count=facts["count"], among=facts["among"])


def _undelivered(kind: NewsKind, facts: Mapping[str, str], t: Translator) -> Markup:
    amount, reason = t.money(Money.rub(facts["amount"])), facts["reason"] or t.plain("operator.no_reason")
    if kind is NewsKind.RETURNED:
        return t(
            "operator.returned", amount=amount, user=facts["user"], reference=facts["reference"], reason=reason
        )
    return t(
        "operator.undelivered",
        count=facts["count"],
        amount=amount,
        user=facts["user"],
        minutes=facts["minutes"],
        panel=facts["panel"] or t.plain("operator.no_panel"),
        reason=reason,
    )


def _sum(asset: str, units: int) -> str:
    match asset:
        case Asset.TON | Asset.USDT:
            return f"{format_units(Asset(asset), units)} {Asset(asset).label}"
        case "XTR":
            return f"{units} ⭐"
        case "RUB":
            return f"{Money(units)} ₽"
    return f"{units} ({asset})"
