"""The answers of Crypto Pay, as far as they are used. Validates nothing else: new fields and new values are welcome."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from app.payments.gateway.answers import BIGGEST, Amount, Answer


class Invoice(Answer):
    """An invoice; `amount` in `fiat` or in `asset`, by its `currency_type`. `payload` is what its maker wrote."""

    invoice_id: Annotated[int, Field(gt=0, le=BIGGEST)]
    status: str
    currency_type: str = "crypto"
    fiat: str | None = None
    asset: str | None = None
    amount: Amount
    bot_invoice_url: str | None = None
    payload: str | None = None
    created_at: AwareDatetime
    paid_at: AwareDatetime | None = None

    @property
    def is_paid(self) -> bool:
        """Whether its money came."""
        return self.status == "paid"


class Invoices(Answer):
    """A page of invoices."""

    items: tuple[Invoice, ...]


class Me(Answer):
    """The app behind a token; the bot's name tells the main net from the test net."""

    app_id: int
    payment_processing_bot_username: str


class ExchangeRate(Answer):
    """How much of `target` one `source` is worth; of no use unless it is valid."""

    is_valid: bool
    source: str
    target: str
    rate: Amount


class Update(Answer):
    """What a webhook brings; `update_id` repeats, and is no key to anything."""

    update_type: str
    payload: Invoice
