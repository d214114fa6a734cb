"""Payments through YooKassa: bank cards and SBP. Believes what it answers when asked, and credits nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import structlog

from app.domain.errors import MethodUnavailable
from app.domain.money import ZERO, Money
from app.payments.gateway.base import Answer, BasePaymentGateway, Descriptor, GatewayUnavailable, Issued
from app.payments.gateway.known import claim
from app.payments.gateway.yookassa_api import SUCCEEDED, YooKassaRefused
from app.payments.gateway.yookassa_models import Sum
from app.payments.gateway.yookassa_moved import MovedMoney
from app.payments.gateway.yookassa_news import BadNews, news_in
from app.payments.gateway.yookassa_wishes import CURRENCY, MARK, Wishes
from app.payments.models import LinkInvoice, PaymentMethod
from app.services.records import NewPayment, PaidEvent
from app.services.reversals import ChargeUnknown, RefundedEvent, RefundRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from app.payments.gateway import yookassa_models as told
    from app.payments.gateway.base import Notification
    from app.payments.gateway.known import KnownPayments
    from app.payments.gateway.marks import Marks
    from app.payments.gateway.yookassa_api import YooKassa
    from app.payments.gateway.yookassa_news import News
    from app.payments.gateway.yookassa_wishes import Fiscal
    from app.services.ports import Clock
    from app.services.records import Payment
    from app.services.reversals import MoneyEvent

log = structlog.get_logger(__name__)

BIGGEST_UNITS = 2**63 - 1
# No top-up comes near; what the books could not hold goes to the operator.
MOST_KOPECKS = 10**13
PENDING = "pending"
# With these YooKassa says no to a refund; any other status says that it could not be asked.
REFUSALS = frozenset({400, 404})


@dataclass(frozen=True, slots=True)
class Shop:
    """What is the shop's own: where customers come back to, the key to what is asked, receipts by 54-FZ."""

    return_url: Callable[[], Awaitable[str]]
    key: bytes
    fiscal: Fiscal | None = None


class YooKassaGateway(BasePaymentGateway):
    """Payments in rubles, keyed by YooKassa's id of them; `marks` tell whose money it is."""

    def __init__(self, api: YooKassa, shop: Shop, marks: Marks, payments: KnownPayments, clock: Clock) -> None:
        self._api = api
        self._return_url = shop.return_url
        self._wishes = Wishes(marks, shop.key, shop.fiscal)
        self._marks = marks
        self._payments = payments
        self._clock = clock
        self._moved = MovedMoney(api, partial(payments.last_heard, self.method.value))

    @property
    def descriptor(self) -> Descriptor:
        """YooKassa; a payment that nobody has paid can't be closed there, it ends by itself within an hour."""
        return Descriptor(PaymentMethod.YOOKASSA, is_notified=True, can_look=True, can_fetch=True, can_refund=True)

    async def open(self, owner: int, amount: Money, now: datetime, expires_at: datetime) -> NewPayment:
        """Ask for `amount` in rubles."""
        return NewPayment(owner, self.method, amount, created_at=now, expires_at=expires_at)

    async def issue(self, payment: Payment) -> Issued:
        """Make the payment; asked again for the same one YooKassa makes no second."""
        wish = self._wishes.payment(payment, await self._return_url())
        made = await self._api.create_payment(wish, self._wishes.payment_key(payment))
        link = (made.confirmation.confirmation_url if made.confirmation else None) or ""
        if not link.startswith("https://"):
            raise GatewayUnavailable("no_link")
        return Issued(made.id, link)

    def invoice(self, payment: Payment) -> LinkInvoice:
        """The link to YooKassa's page; MethodUnavailable where the making was never answered."""
        if payment.pay_url is None:
            raise MethodUnavailable
        return LinkInvoice(
            payment.id, payment.method, payment.amount, payment.pay_url, stars=None, expires_at=payment.expires_at
        )

    async def notified(self, notification: Notification) -> Answer:
        """Nothing is signed, so nothing is believed: YooKassa is asked for what is named, and that counts."""
        try:
            news = news_in(notification.body)
        except BadNews as problem:
            address = notification.address
            log.warning("notification_refused", gateway=self.method.value, reason=str(problem), address=address)
            return Answer(400, "bad request")
        if news is None:
            return Answer(200, "ok")
        try:
            events = await self._proven(news)
        except GatewayUnavailable as problem:
            log.warning("notification_unconfirmed", gateway=self.method.value, reason=str(problem))
            return Answer(503, "try again")
        if not events:
            # Forged, of another shop, or ahead of what YooKassa itself says: the genuine comes again.
            log.warning("notification_unproven", gateway=self.method.value, address=notification.address)
            return Answer(404, "not found")
        return Answer(200, "ok", events)

    async def look(self, _open_payments: Sequence[Payment]) -> Sequence[MoneyEvent]:
        """What YooKassa's lists say came and went back since it was last asked."""
        paid, refunds = await self._moved.since_last_time(self._clock.now())
        return [*[await self._charge(payment) for payment in paid], *[self._refund(refund) for refund in refunds]]

    async def fetch(self, key: str) -> Sequence[MoneyEvent]:
        """A payment that is paid, and its refunds that are done."""
        payment = await self._api.payment(key)
        if payment is None or not payment.is_paid:
            return ()
        return [await self._charge(payment), *self._done(await self._api.refunds_of(key))]

    async def refund(self, key: str) -> Sequence[MoneyEvent]:
        """Give back what is left. What is under way is left to come to its end before anything more is asked for."""
        payment = await self._api.payment(key)
        if payment is None or not payment.is_paid:
            raise ChargeUnknown("no_such_payment")
        refunds = await self._api.refunds_of(key)
        if any(refund.status == PENDING for refund in refunds):
            raise GatewayUnavailable("refund_pending")
        done = [refund for refund in refunds if refund.status == SUCCEEDED]
        left = payment.amount.value - sum((refund.amount.value for refund in done), Decimal(0))
        if left > 0:
            asked = Sum(value=left, currency=payment.amount.currency)
            done.append(await self._given_back(key, asked, refused=len(refunds) - len(done)))
        return self._done(done)

    async def _given_back(self, key: str, amount: Sum, refused: int) -> told.Refund:
        try:
            made = await self._api.create_refund(
                self._wishes.refund(key, amount), self._wishes.refund_key(key, amount, refused)
            )
        except YooKassaRefused as refusal:
            if refusal.status in REFUSALS:
                raise RefundRefused(str(refusal)) from None
            raise
        if made.status == PENDING:
            raise GatewayUnavailable("refund_pending")
        if made.status != SUCCEEDED:
            raise RefundRefused(made.status)
        return made

    async def _proven(self, news: News) -> Sequence[MoneyEvent]:
        """The money that the news tell of, where YooKassa says the same of it when asked."""
        if not news.is_refund:
            payment = await self._api.payment(news.id)
            return [await self._charge(payment)] if payment is not None and payment.is_paid else ()
        refund = await self._api.refund(news.id)
        if refund is None or refund.status != SUCCEEDED:
            return ()
        # A refund proves its charge, so neither has to come first.
        return await self.fetch(refund.payment_id)

    def _done(self, refunds: Sequence[told.Refund]) -> list[RefundedEvent]:
        return [self._refund(refund) for refund in refunds if refund.status == SUCCEEDED]

    def _refund(self, refund: told.Refund) -> RefundedEvent:
        kopecks = min(int(refund.amount.value.scaleb(2)), BIGGEST_UNITS)
        return RefundedEvent(self.method.value, refund.id, refund.payment_id, kopecks, refund.created_at)

    async def _charge(self, payment: told.Payment) -> PaidEvent:
        """The money of a paid payment; worth nothing to anybody, until an operator says otherwise, if it isn't ours."""
        kopecks = min(int(payment.amount.value.scaleb(2)), BIGGEST_UNITS)
        worth = Money(kopecks) if _is_rubles(payment.amount, kopecks) else ZERO
        claimed = await claim((payment.metadata or {}).get(MARK), worth, self._marks, self._payments)
        return PaidEvent(
            gateway=self.method.value,
            key=payment.id,
            payment_id=claimed.payment_id,
            external_id=payment.id if worth != ZERO else None,
            payer=claimed.payer,
            asset=payment.amount.currency,
            asset_amount=kopecks,
            worth=worth,
            at=payment.captured_at or payment.created_at,
        )


def _is_rubles(amount: Sum, kopecks: int) -> bool:
    is_whole = kopecks <= MOST_KOPECKS and Decimal(kopecks).scaleb(-2) == amount.value
    return amount.currency == CURRENCY and is_whole
