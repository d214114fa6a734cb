"""Payments through @CryptoBot: an invoice in rubles, paid in any coin. Believes getInvoices, and credits nothing."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import structlog

from app.domain.errors import MethodUnavailable
from app.domain.money import ZERO, Money
from app.payments.gateway.base import Answer, BasePaymentGateway, Descriptor, GatewayUnavailable, Issued
from app.payments.gateway.cryptobot_paid import PaidInvoices
from app.payments.gateway.cryptobot_webhook import BadUpdate, Signature, differences, paid_invoice
from app.payments.gateway.known import claim
from app.payments.models import LinkInvoice, PaymentMethod
from app.services.records import NewPayment, PaidEvent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.payments.gateway.base import Notification
    from app.payments.gateway.cryptopay import CryptoPay
    from app.payments.gateway.cryptopay_models import Invoice
    from app.payments.gateway.known import KnownPayments
    from app.payments.gateway.marks import Marks
    from app.services.ports import Clock
    from app.services.records import Payment

log = structlog.get_logger(__name__)

FIAT = "RUB"
# A coin's smallest unit differs; nine places hold each of them that Crypto Pay knows.
COIN_PLACES = 9
BIGGEST_UNITS = 2**63 - 1
# No top-up comes near; what the books could not hold goes to the operator.
MOST_KOPECKS = 10**13
CANCEL_SECONDS = 6


class CryptoBotGateway(BasePaymentGateway):
    """Crypto Pay's invoices, keyed by invoice_id; `marks` tell whose money it is, `token` who may bring news."""

    def __init__(self, api: CryptoPay, token: str, marks: Marks, payments: KnownPayments, clock: Clock) -> None:
        self._api = api
        self._signature = Signature(token)
        self._marks = marks
        self._payments = payments
        self._clock = clock
        self._paid = PaidInvoices(api, partial(payments.last_heard, self.method.value))
        self._is_known = False

    @property
    def descriptor(self) -> Descriptor:
        """CryptoBot; it refunds nothing: what a customer paid there is his own wallet's business."""
        return Descriptor(PaymentMethod.CRYPTOBOT, is_notified=True, can_look=True, can_cancel=True)

    async def open(self, owner: int, amount: Money, now: datetime, expires_at: datetime) -> NewPayment:
        """Ask for `amount` in rubles; CryptoBot itself says what that is in a coin, at the moment of payment."""
        return NewPayment(owner, self.method, amount, created_at=now, expires_at=expires_at)

    async def issue(self, payment: Payment) -> Issued:
        """Make the invoice, open until the payment's deadline."""
        seconds = int((payment.expires_at - self._clock.now()).total_seconds())
        if seconds < 1:
            raise GatewayUnavailable("deadline_passed")
        made = await self._api.create_invoice(
            fiat=FIAT,
            amount=f"{payment.amount.decimal:.2f}",
            payload=self._marks.write(payment.id, payment.owner, payment.amount),
            description=f"OrbitVPN #{payment.id}",
            expires_in_seconds=seconds,
        )
        link = made.bot_invoice_url or ""
        if not link.startswith("https://"):
            raise GatewayUnavailable("no_link")
        return Issued(str(made.invoice_id), link)

    def invoice(self, payment: Payment) -> LinkInvoice:
        """The link into @CryptoBot; MethodUnavailable where its making was never answered."""
        if payment.pay_url is None:
            raise MethodUnavailable
        return LinkInvoice(
            payment_id=payment.id,
            method=payment.method,
            amount=payment.amount,
            pay_url=payment.pay_url,
            stars=None,
            expires_at=payment.expires_at,
        )

    async def notified(self, notification: Notification) -> Answer:
        """401 unless it is signed, before anything of it is read; then Crypto Pay is asked, and that counts."""
        if not self._signature.fits(notification.body, notification.headers):
            log.warning("notification_refused", gateway=self.method.value, address=notification.address)
            return Answer(401, "unauthorized")
        try:
            told = paid_invoice(notification.body)
        except BadUpdate as problem:
            log.error("notification_unreadable", gateway=self.method.value, reason=str(problem))
            return Answer(400, "bad request")
        if told is None:
            return Answer(200, "ok")
        try:
            known = await self._asked_again(told.invoice_id)
        except GatewayUnavailable as problem:
            log.warning("notification_unconfirmed", gateway=self.method.value, reason=str(problem))
            return Answer(503, "try again")
        return Answer(200, "ok", await self._proven(told, known))

    async def look(self, open_payments: Sequence[Payment]) -> Sequence[PaidEvent]:
        """What Crypto Pay says is paid: of these payments, and whatever else was since it was last asked."""
        if not self._is_known:
            # The name of its bot says whether the token is of the main or of the test net.
            me = await self._api.me()
            log.info("cryptobot_answers", app_id=me.app_id, bot=me.payment_processing_bot_username)
            self._is_known = True
        paid = await self._paid.since_last_time(open_payments, self._clock.now())
        return [await self._event(invoice) for invoice in paid]

    async def cancel(self, payment: Payment) -> None:
        """Take the invoice away while nobody has paid it: one that is paid must stay to be found."""
        if payment.external_id is None:
            return
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                found = await self._asked_again(int(payment.external_id))
                if found is not None and found.status == "active":
                    await self._api.delete_invoice(payment.external_id)
        except TimeoutError:
            raise GatewayUnavailable("timeout") from None

    async def _asked_again(self, invoice_id: int) -> Invoice | None:
        found = await self._api.invoices(ids=[str(invoice_id)])
        return next((invoice for invoice in found if invoice.invoice_id == invoice_id), None)

    async def _proven(self, told: Invoice, known: Invoice | None) -> Sequence[PaidEvent]:
        """The money that a signed notification tells of, where Crypto Pay says the same of it when asked."""
        if known is None:
            log.error("notification_of_unknown_invoice", gateway=self.method.value, invoice_id=told.invoice_id)
            return ()
        if differing := differences(told, known):
            fields = ",".join(differing)
            log.error("notification_differs", gateway=self.method.value, invoice_id=told.invoice_id, fields=fields)
            return ()
        return [await self._event(known)] if known.is_paid else ()

    async def _event(self, invoice: Invoice) -> PaidEvent:
        """The money of a paid invoice; worth nothing to anybody, until an operator says otherwise, if it isn't ours."""
        asset, units, worth = _money(invoice)
        claimed = await claim(invoice.payload, worth, self._marks, self._payments)
        return PaidEvent(
            gateway=self.method.value,
            key=str(invoice.invoice_id),
            payment_id=claimed.payment_id,
            external_id=str(invoice.invoice_id) if worth != ZERO else None,
            payer=claimed.payer,
            asset=asset,
            asset_amount=units,
            worth=worth,
            at=invoice.paid_at or self._clock.now(),
        )


def _money(invoice: Invoice) -> tuple[str, int, Money]:
    """What the invoice asked for, in whole units of its currency, and in rubles where it asked for those."""
    if invoice.currency_type != "fiat":
        return invoice.asset or "?", min(int(invoice.amount.scaleb(COIN_PLACES)), BIGGEST_UNITS), ZERO
    kopecks = min(int(invoice.amount.scaleb(2)), BIGGEST_UNITS)
    is_rubles = invoice.fiat == FIAT and kopecks <= MOST_KOPECKS and Decimal(kopecks).scaleb(-2) == invoice.amount
    return invoice.fiat or "?", kopecks, Money(kopecks) if is_rubles else ZERO
