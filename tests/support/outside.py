"""What is true outside, in memory: a wallet's history, Telegram's list of Stars, Crypto Pay. Knows nothing of the shop.

Stands behind the real gateways where thousands of steps leave no time for HTTP; the protocols themselves are proved
against the emulators.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from app.domain.assets import Asset
from app.domain.stars import CURRENCY, payload_for
from app.payments.gateway.base import Notification
from app.payments.gateway.cryptobot_webhook import SIGNATURE_HEADER
from app.payments.gateway.cryptopay import CryptoPay, CryptoPayRefused
from app.payments.gateway.cryptopay_models import Invoice, Me
from app.payments.gateway.tonapi_models import Message, Party, Status, Transaction
from app.services.records import Rate
from app.services.reversals import ChargeUnknown
from app.services.stars import PAGE, MoneyKind, MoneyUpdate, StarPage, StarRow
from tests.support.books import WALLET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from app.services.ports import Clock
    from app.services.records import Payment

TOKEN = "4242:AA-made-up"
SENDER = "0:" + "b" * 64


class Chain:
    """The wallet's transactions; implements ton_history.ChainIndex."""

    def __init__(self) -> None:
        self.history: list[Transaction] = []

    def add(self, nano: int, comment: str | None, at: datetime) -> Transaction:
        """A transfer to the wallet, tied to the one before it."""
        lt = 1000 * (len(self.history) + 1)
        before = self.history[-1] if self.history else None
        message = Message(
            msg_type="int_msg",
            value=nano,
            source=Party(address=SENDER),
            destination=Party(address=WALLET),
            decoded_op_name="text_comment" if comment is not None else None,
            decoded_body={"text": comment} if comment is not None else None,
        )
        made = Transaction(
            hash=f"{lt:064x}",
            lt=lt,
            utime=at,
            success=True,
            aborted=False,
            transaction_type="TransOrd",
            in_msg=message,
            prev_trans_lt=before.lt if before else 0,
            prev_trans_hash=before.hash if before else "",
        )
        self.history.append(made)
        return made

    async def transactions(
        self,
        account: str,
        *,
        after_lt: int | None = None,
        before_lt: int | None = None,
        limit: int = 500,
        order: Literal["asc", "desc"] = "asc",
    ) -> tuple[Transaction, ...]:
        found = [
            step
            for step in self.history
            if (after_lt is None or step.lt > after_lt) and (before_lt is None or step.lt < before_lt)
        ]
        return tuple((found if order == "asc" else found[::-1])[:limit])

    async def status(self) -> Status:
        return Status(rest_online=True, indexing_latency=0)


class StarList:
    """Charges and refunds as Telegram lists them; implements services.stars.StarsDesk."""

    def __init__(self) -> None:
        self.rows: list[StarRow] = []

    def charge(self, payer: int, payment_id: int, stars: int, at: datetime) -> StarRow:
        """Somebody pays a link."""
        row = StarRow(f"stx{len(self.rows)}", payer, payload_for(payment_id), stars, at, is_refund=False)
        self.rows.append(row)
        return row

    def update_of(self, row: StarRow) -> MoneyUpdate:
        """The update that tells of a row."""
        kind = MoneyKind.REFUNDED if row.is_refund else MoneyKind.PAID
        return MoneyUpdate(1, kind, row.payer or 0, "ru", row.at, row.key, CURRENCY, row.stars, row.payload)

    def charges(self) -> list[StarRow]:
        return [row for row in self.rows if not row.is_refund]

    async def create_link(self, payment: Payment, payload: str) -> str:
        return f"https://t.me/${payload}"

    async def page(self, offset: int) -> StarPage:
        rows = self.rows[offset : offset + PAGE]
        return StarPage(len(rows), tuple(rows))

    async def refund(self, payer: int, key: str) -> None:
        paid = next((row for row in self.charges() if (row.key, row.payer) == (key, payer)), None)
        if paid is None:
            raise ChargeUnknown
        self.give_back(paid)

    def give_back(self, charge: StarRow) -> StarRow:
        """The row of the charge's refund, which is listed once."""
        refund = replace(charge, is_refund=True)
        if refund not in self.rows:
            self.rows.append(refund)
        return refund


class CryptoTill(CryptoPay):
    """The client of Crypto Pay, with the app's invoices behind it instead of HTTP."""

    def __init__(self, clock: Clock) -> None:
        self.made: dict[int, Invoice] = {}
        self._clock = clock
        self._next_id = 1001

    def pay(self, invoice_id: int) -> Invoice | None:
        """Somebody pays an invoice; None where it was taken away or is paid."""
        invoice = self.made.get(invoice_id)
        if invoice is None or invoice.is_paid:
            return None
        self.made[invoice_id] = invoice.model_copy(update={"status": "paid", "paid_at": self._clock.now()})
        return self.made[invoice_id]

    def paid(self) -> list[Invoice]:
        return [invoice for invoice in self.made.values() if invoice.is_paid]

    def webhook_of(self, invoice: Invoice) -> Notification:
        """The signed news that it is paid."""
        told = {"update_id": 1, "update_type": "invoice_paid", "payload": invoice.model_dump(mode="json")}
        body = json.dumps(told).encode()
        key = hashlib.sha256(TOKEN.encode()).digest()
        return Notification(body, {SIGNATURE_HEADER: hmac.new(key, body, hashlib.sha256).hexdigest()}, None)

    async def me(self) -> Me:
        return Me(app_id=1, payment_processing_bot_username="CryptoTestnetBot")

    async def create_invoice(
        self, *, fiat: str, amount: str, payload: str, description: str, expires_in_seconds: int
    ) -> Invoice:
        invoice = Invoice.model_validate(
            {
                "invoice_id": self._next_id,
                "status": "active",
                "currency_type": "fiat",
                "fiat": fiat,
                "amount": amount,
                "bot_invoice_url": f"https://t.me/CryptoBot?start=IV{self._next_id}",
                "payload": payload,
                "created_at": self._clock.now(),
            }
        )
        self._next_id += 1
        self.made[invoice.invoice_id] = invoice
        return invoice

    async def invoices(
        self, *, ids: Sequence[str] = (), status: str | None = None, offset: int = 0, count: int = 1000
    ) -> tuple[Invoice, ...]:
        wanted = [
            invoice
            for invoice in reversed(self.made.values())
            if (not ids or str(invoice.invoice_id) in ids) and status in {None, invoice.status}
        ]
        return tuple(wanted[offset : offset + count])

    async def delete_invoice(self, invoice_id: str) -> None:
        if self.made[int(invoice_id)].is_paid:
            raise CryptoPayRefused("INVOICE_ALREADY_PAID")
        del self.made[int(invoice_id)]


class SetRates:
    """What a coin is worth, now and always; the test moves it. Implements ports.LateRates."""

    def __init__(self, rub: Decimal, clock: Clock) -> None:
        self.rub = rub
        self._clock = clock

    async def of(self, _asset: Asset) -> Rate:
        return Rate(self.rub, "test", self._clock.now())

    async def cover(self, asset: Asset, since: datetime, until: datetime) -> None:
        """Nothing is noted: the rate of now counts."""


class Outside:
    """All of it."""

    def __init__(self, clock: Clock, rub: Decimal) -> None:
        self.chain = Chain()
        self.stars = StarList()
        self.till = CryptoTill(clock)
        self.rates = SetRates(rub, clock)
