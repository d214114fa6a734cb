"""What people are told when the money of an invoice has come, or has not: the words for its notices. Sends nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.core.keys import checkout as checkout_keys
from app.core.keys import topups as topups_keys
from app.core.screens import checkout, promos
from app.core.screens.screen import CELEBRATION, Screen
from app.domain.money import Money
from app.services.gifts import Gift, GiftBought
from app.services.pending_records import wish_in
from app.services.records import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from app.domain.pending import Wish
    from app.domain.plans import Catalogue
    from app.locales.locales import Translator
    from app.services.configs import Configs
    from app.services.ports import Clock
    from app.services.records import Notice


def expired(t: Translator, facts: Mapping[str, str]) -> Screen:
    """The end of an invoice that nobody paid, with a way to the same again."""
    amount = Money.rub(facts["amount"])
    if (wish := wish_in(facts)) is None:
        return Screen(t("invoice.expired", amount=t.money(amount)), topups_keys.top_up_again(t, amount))
    thing = checkout.what(t, wish.plan, is_gift=wish.is_gift)
    text = t("invoice.expired_wish", what=thing, amount=t.money(amount))
    return Screen(text, checkout_keys.pay_again(t, wish, amount))


class CheckoutNews:
    """One message for the money and what became of it, so that the two never say different things."""

    def __init__(
        self, configs: Configs, catalogue: Catalogue, clock: Clock, bot_username: Callable[[], Awaitable[str]]
    ) -> None:
        self._configs = configs
        self._catalogue = catalogue
        self._clock = clock
        self._bot_username = bot_username

    async def screen(self, notice: Notice, t: Translator) -> Screen:
        """The message of a notice: of the money alone, or of the purchase that it was for."""
        wish = wish_in(notice.facts)
        if wish is None:
            amount = t.money(Money.rub(notice.facts["amount"]))
            text = t("notice.paid", amount=amount, receipt=notice.facts["receipt"])
            return Screen(text, topups_keys.paid(t), effect=CELEBRATION)
        if notice.kind is NoticeKind.PURCHASE_UNMADE:
            return checkout.unmade(t, wish, notice.facts)
        if wish.is_gift:
            return await self._gift(wish, notice, t)
        return checkout.made(t, wish, notice.facts, await self._configs.of(notice.recipient))

    async def _gift(self, wish: Wish, notice: Notice, t: Translator) -> Screen:
        facts = notice.facts
        gift = Gift(facts["code"], wish.plan.key, wish.plan.days, self._clock.now())
        bought = GiftBought(gift, wish.price, Money.rub(facts["balance"]))
        link = promos.gift_link(gift, await self._bot_username())
        return replace(promos.gift_bought(t, bought, self._catalogue, link), effect=CELEBRATION)
