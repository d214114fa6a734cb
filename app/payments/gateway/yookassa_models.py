"""The answers of YooKassa, as far as they are used. Validates nothing else: new fields and new values are welcome."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from app.payments.gateway.answers import Amount, Answer

# What YooKassa calls things by; nothing that could lead a request to another path.
Name = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]


class Sum(Answer):
    """An amount in a currency."""

    value: Amount
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Confirmation(Answer):
    """Where the customer pays, while that is possible."""

    confirmation_url: str | None = None


class Payment(Answer):
    """A payment; `metadata` is what its maker wrote."""

    id: Name
    status: str
    paid: bool
    amount: Sum
    created_at: AwareDatetime
    captured_at: AwareDatetime | None = None
    confirmation: Confirmation | None = None
    metadata: dict[str, object] | None = None

    @property
    def is_paid(self) -> bool:
        """Whether its money came; what was given back later is still paid."""
        return self.status == "succeeded" and self.paid


class Refund(Answer):
    """A refund of a payment, or of a part of it."""

    id: Name
    payment_id: Name
    status: str
    amount: Sum
    created_at: AwareDatetime


class Payments(Answer):
    """A page of payments."""

    items: tuple[Payment, ...]
    next_cursor: str | None = None


class Refunds(Answer):
    """A page of refunds."""

    items: tuple[Refund, ...]
    next_cursor: str | None = None


class Me(Answer):
    """The shop behind a secret key."""

    account_id: str | int
    status: str
    test: bool
