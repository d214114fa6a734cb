"""Owns an invoice and its JSON in Crypto Pay's own words; must not decide anything."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

PROCESSING_BOT = "CryptoBot"
TEST_PROCESSING_BOT = "CryptoTestnetBot"


@dataclass
class Payment:
    """What a customer paid."""

    asset: str
    amount: Decimal
    fee: Decimal
    fiat_rate: Decimal | None
    usd_rate: Decimal
    at: datetime


@dataclass
class Invoice:
    """A wish for money, in a coin or in a fiat currency."""

    id: int
    hash: str
    currency_type: str
    currency: str
    amount: Decimal
    created_at: datetime
    expires_at: datetime | None
    bot: str
    payload: str | None = None
    description: str | None = None
    allow_comments: bool = True
    allow_anonymous: bool = True
    accepted_assets: tuple[str, ...] = ()
    payment: Payment | None = None

    def status(self, now: datetime) -> str:
        """Return active, paid or expired."""
        if self.payment is not None:
            return "paid"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "active"

    def wire(self, now: datetime) -> dict[str, object]:
        """Write it as the API and the webhooks do; amounts are texts, what isn't there is left out."""
        link = f"https://t.me/{self.bot}?start={self.hash}"
        fields: dict[str, object | None] = {
            "invoice_id": self.id,
            "hash": self.hash,
            "currency_type": self.currency_type,
            ("fiat" if self.currency_type == "fiat" else "asset"): self.currency,
            "amount": text(self.amount),
            "accepted_assets": list(self.accepted_assets) or None,
            **(_paid(self.payment) if self.payment else {}),
            "pay_url": link,
            "bot_invoice_url": link,
            "mini_app_invoice_url": f"https://t.me/{self.bot}/app?startapp=invoice-{self.hash}&mode=compact",
            "web_app_invoice_url": f"https://app.cr.bot/invoices/{self.hash}",
            "description": self.description,
            "status": self.status(now),
            "created_at": moment(self.created_at),
            "expiration_date": moment(self.expires_at) if self.expires_at else None,
            "allow_comments": self.allow_comments,
            "allow_anonymous": self.allow_anonymous,
            "payload": self.payload,
        }
        return {name: value for name, value in fields.items() if value is not None}


def _paid(payment: Payment) -> dict[str, object | None]:
    return {
        "paid_asset": payment.asset,
        "paid_amount": text(payment.amount),
        "paid_fiat_rate": text(payment.fiat_rate) if payment.fiat_rate else None,
        "paid_usd_rate": text(payment.usd_rate),
        "usd_rate": text(payment.usd_rate),
        "fee_asset": payment.asset,
        "fee_amount": text(payment.fee),
        "fee": text(payment.fee),
        "fee_in_usd": text((payment.fee * payment.usd_rate).quantize(Decimal("1e-8"))),
        "paid_at": moment(payment.at),
        "paid_anonymously": False,
    }


def text(amount: Decimal) -> str:
    """Write an amount without an exponent or zeros at its end."""
    return f"{amount.normalize():f}"


def moment(at: datetime) -> str:
    """Write a moment in milliseconds with a Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
