"""Owns what YooKassa accepts in the bodies of requests; must not hold state."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_VALUE = re.compile(r"^[0-9]{1,10}\.[0-9]{2}$", re.ASCII)
_PAYMENT = frozenset({"amount", "capture", "confirmation", "description", "metadata", "receipt", "payment_method_data"})
_REFUND = frozenset({"payment_id", "amount", "description", "receipt"})
_ITEM = frozenset({"description", "quantity", "amount", "vat_code"})
MOST_DESCRIPTION, MOST_KEYS, MOST_KEY, MOST_VALUE, MOST_ITEM = 128, 16, 32, 512, 128


class Refusal(Exception):
    """A wish that YooKassa refuses; `parameter` names what is wrong with it."""

    def __init__(self, parameter: str, code: str = "invalid_request", status: int = 400) -> None:
        super().__init__(parameter)
        self.parameter = parameter
        self.code = code
        self.status = status


def payment(asked: Mapping[str, Any]) -> Decimal:
    """Check a wish for a payment and return its amount."""
    _known(asked, _PAYMENT)
    confirmation = asked.get("confirmation")
    if not isinstance(confirmation, dict) or confirmation.get("type") != "redirect":
        raise Refusal("confirmation")
    if not str(confirmation.get("return_url", "")).startswith(("http://", "https://")):
        raise Refusal("confirmation.return_url")
    if not isinstance(asked.get("capture", False), bool):
        raise Refusal("capture")
    if not isinstance(asked.get("description", ""), str) or len(asked.get("description", "")) > MOST_DESCRIPTION:
        raise Refusal("description")
    _metadata(asked.get("metadata", {}))
    wanted = amount(asked.get("amount"), "amount")
    _receipt(asked, wanted)
    return wanted


def refund(asked: Mapping[str, Any]) -> Decimal:
    """Check a wish for a refund and return its amount."""
    _known(asked, _REFUND)
    if not isinstance(asked.get("payment_id"), str):
        raise Refusal("payment_id")
    wanted = amount(asked.get("amount"), "amount")
    _receipt(asked, wanted)
    return wanted


def amount(given: object, parameter: str) -> Decimal:
    """Read an amount of rubles; YooKassa takes texts with two places only."""
    if not isinstance(given, dict) or given.get("currency") != "RUB":
        raise Refusal(f"{parameter}.currency")
    value = given.get("value")
    if not isinstance(value, str) or not _VALUE.match(value) or Decimal(value) <= 0:
        raise Refusal(f"{parameter}.value")
    return Decimal(value)


def _known(asked: Mapping[str, Any], names: frozenset[str]) -> None:
    for name in asked.keys() - names:
        raise Refusal(name)


def _metadata(given: object) -> None:
    if not isinstance(given, dict) or len(given) > MOST_KEYS:
        raise Refusal("metadata")
    for key, value in given.items():
        if len(key) > MOST_KEY or not isinstance(value, str) or len(value) > MOST_VALUE:
            raise Refusal("metadata")


def _receipt(asked: Mapping[str, Any], whole: Decimal) -> None:
    if "receipt" not in asked:
        return
    receipt = asked["receipt"]
    customer = receipt.get("customer", {}) if isinstance(receipt, dict) else {}
    if not ("email" in customer or "phone" in customer):
        raise Refusal("receipt.customer")
    items = receipt.get("items") or []
    if not items or any(not item.keys() >= _ITEM or not 1 <= item["vat_code"] <= 12 for item in items):
        raise Refusal("receipt.items")
    total = sum(amount(item["amount"], "receipt.items.amount") * Decimal(item["quantity"]) for item in items)
    if total != whole or any(len(item["description"]) > MOST_ITEM for item in items):
        raise Refusal("receipt.items")
