"""Judges what claims to come from Crypto Pay: by its signature first, by its form second. Credits nothing."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from pydantic import ValidationError

from app.payments.gateway.answers import place_of
from app.payments.gateway.cryptopay_models import Update
from app.payments.gateway.strict_json import NotStrictJson, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.payments.gateway.cryptopay_models import Invoice

SIGNATURE_HEADER = "crypto-pay-api-signature"
PAID = "invoice_paid"


class BadUpdate(Exception):
    """Well signed, and yet nothing that Crypto Pay is known to send; the text quotes none of it."""


class Signature:
    """Made with the app's token: HMAC-SHA256 over the bytes as they came, with the token's SHA-256 as the key."""

    def __init__(self, token: str) -> None:
        if not token:
            raise ValueError("without a token anybody could sign")
        self._key = hashlib.sha256(token.encode()).digest()

    def fits(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether exactly these bytes were signed with the token; in constant time, whatever the header holds."""
        given = headers.get(SIGNATURE_HEADER, "").encode("utf-8", "surrogateescape")
        made = hmac.new(self._key, body, hashlib.sha256).hexdigest().encode()
        return hmac.compare_digest(given, made)


def paid_invoice(body: bytes) -> Invoice | None:
    """The invoice that a signed body says is paid; None where it tells of something else. Raises BadUpdate."""
    try:
        parsed = read_json(body)
    except NotStrictJson as problem:
        raise BadUpdate(str(problem)) from None
    if not isinstance(parsed, dict):
        raise BadUpdate("no_object")
    if parsed.get("update_type") != PAID:
        return None
    try:
        return Update.model_validate(parsed).payload
    except ValidationError as error:
        raise BadUpdate(f"unexpected_form at {place_of(error)}") from None


def differences(told: Invoice, known: Invoice) -> list[str]:
    """The names of what a notification says otherwise than Crypto Pay itself does when asked."""
    facts = ("status", "currency_type", "fiat", "asset", "amount", "payload")
    return [name for name in facts if getattr(told, name) != getattr(known, name)]
