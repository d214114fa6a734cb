"""Owns the payments and refunds of one shop and how they come about and end; must not speak HTTP."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from sandbox.clock import SandboxClock
from sandbox.yookassa import rules
from sandbox.yookassa.model import METHODS, Payment, Refund
from sandbox.yookassa.rules import Refusal

KEY_LIFE = timedelta(hours=24)
MOST_KEY = 64
EVENTS = ("payment.succeeded", "payment.waiting_for_capture", "payment.canceled", "refund.succeeded")

Thing = Payment | Refund
ThingT = TypeVar("ThingT", Payment, Refund)
Listener = Callable[[str, Thing], None]


class Shop:
    """One shop behind one secret key; `listeners` hear of every event by its name.

    `refunds_end` is how refunds come out that are asked for: succeeded, pending or canceled.
    """

    def __init__(self, clock: SandboxClock, shop_id: str, secret_key: str) -> None:
        self.clock = clock
        self.shop_id = shop_id
        self.secret_key = secret_key
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.listeners: list[Listener] = []
        self.refunds_end = "succeeded"
        self._once: dict[str, tuple[datetime, object, Thing]] = {}

    def create(self, asked: Mapping[str, Any], key: str | None) -> Payment:
        """Make a payment by the API's rules, or find the one that was made under this key."""
        return self._under(key, asked, lambda: self._create(asked))

    def give_back(self, asked: Mapping[str, Any], key: str | None) -> Refund:
        """Make a refund by the API's rules, or find the one that was made under this key."""
        return self._under(key, asked, lambda: self._refund(asked))

    def payment(self, name: object) -> Payment:
        """Find a payment."""
        return _found(self.payments, name)

    def refund(self, name: object) -> Refund:
        """Find a refund."""
        return _found(self.refunds, name)

    def pay(self, name: object, method: str, *, late: bool = False) -> Payment:
        """Pay as a customer; `late` lets a payment that has expired be paid all the same."""
        payment = self._open(name, late=late)
        if method not in METHODS:
            raise Refusal("payment_method")
        payment.method, payment.paid_at = method, self.clock.now()
        payment.status = "succeeded" if payment.capture else "waiting_for_capture"
        self._tell(f"payment.{payment.status}", payment)
        return payment

    def decline(self, name: object) -> Payment:
        """Have the customer's bank say no."""
        payment = self._open(name)
        payment.status, payment.reason = "canceled", "insufficient_funds"
        self._tell("payment.canceled", payment)
        return payment

    def give_back_by_hand(self, name: object, amount: Decimal | None) -> Refund:
        """Refund in the shop's cabinet, all that is left by default."""
        payment = self.payment(name)
        wanted = payment.amount - payment.refunded if amount is None else amount
        return self._make_refund(payment, wanted, "succeeded")

    def settle(self, name: object, status: str) -> Refund:
        """Bring a refund that is pending to its end."""
        refund = self.refund(name)
        if refund.status != "pending" or status not in {"succeeded", "canceled"}:
            raise Refusal("status")
        refund.status = status
        self._done(refund)
        return refund

    def _create(self, asked: Mapping[str, Any]) -> Payment:
        payment = Payment(
            id=str(uuid.uuid4()),
            amount=rules.payment(asked),
            created_at=self.clock.now(),
            is_test=self.secret_key.startswith("test_"),
            capture=asked.get("capture", False),
            return_url=asked["confirmation"]["return_url"],
            description=asked.get("description"),
            metadata=dict(asked.get("metadata", {})),
        )
        self.payments[payment.id] = payment
        return payment

    def _refund(self, asked: Mapping[str, Any]) -> Refund:
        amount = rules.refund(asked)
        return self._make_refund(self.payment(asked["payment_id"]), amount, self.refunds_end)

    def _make_refund(self, payment: Payment, amount: Decimal, status: str) -> Refund:
        waiting = [each for each in self.refunds.values() if each.payment_id == payment.id and each.status == "pending"]
        left = payment.amount - payment.refunded - sum(each.amount for each in waiting)
        if payment.status != "succeeded" or not 0 < amount <= left:
            raise Refusal("amount")
        refund = Refund(str(uuid.uuid4()), payment.id, amount, self.clock.now(), status)
        self.refunds[refund.id] = refund
        self._done(refund)
        return refund

    def _done(self, refund: Refund) -> None:
        if refund.status == "succeeded":
            self.payments[refund.payment_id].refunded += refund.amount
            self._tell("refund.succeeded", refund)

    def _open(self, name: object, *, late: bool = False) -> Payment:
        payment = self.payment(name)
        if payment.status is not None or (payment.state(self.clock.now()) == "canceled" and not late):
            raise Refusal("payment_id")
        return payment

    def _under(self, key: str | None, asked: object, act: Callable[[], ThingT]) -> ThingT:
        now = self.clock.now()
        if not key or len(key) > MOST_KEY:
            raise Refusal("Idempotence-Key")
        at, was_asked, made = self._once.get(key, (now, asked, None))
        if made is None or now - at >= KEY_LIFE:
            fresh = act()
            self._once[key] = (now, asked, fresh)
            return fresh
        if was_asked != asked:
            raise Refusal("Idempotence-Key")
        return made  # type: ignore[return-value]  # a key that was used for another kind has another body

    def _tell(self, event: str, thing: Thing) -> None:
        for listener in self.listeners:
            listener(event, thing)


def _found(things: Mapping[str, ThingT], name: object) -> ThingT:
    try:
        return things[str(name)]
    except KeyError:
        raise Refusal("id", "not_found", 404) from None
