"""A webhook as the real Crypto Pay sent it, and a signature made by its rule; the emulator's say the same in form."""

from __future__ import annotations

import hashlib
import hmac
import json
from decimal import Decimal
from pathlib import Path

import pytest

from app.payments.gateway.cryptobot_webhook import SIGNATURE_HEADER, Signature, paid_invoice
from sandbox.clock import SandboxClock
from sandbox.cryptopay import Till, signing

CAPTURED = Path(__file__).with_name("cryptopay-invoice_paid-captured.json")
TOKEN = "4242:AAcanary-of-the-crypto-pay-app"


@pytest.fixture
def body() -> bytes:
    return CAPTURED.read_bytes()


def test_the_captured_webhook_is_read_to_the_last_digit(body: bytes) -> None:
    invoice = paid_invoice(body)
    assert invoice is not None
    assert (invoice.invoice_id, invoice.asset, invoice.fiat) == (32245580, "USDT", None)
    assert invoice.amount == Decimal("1.5")
    assert invoice.is_paid
    assert invoice.payload is None
    assert invoice.paid_at is not None
    assert invoice.paid_at.isoformat() == "2025-08-23T09:36:31.568000+00:00"


def test_a_signature_is_the_hmac_of_the_very_bytes_with_the_tokens_hash_as_its_key(body: bytes) -> None:
    made = hmac.new(hashlib.sha256(TOKEN.encode()).digest(), body, hashlib.sha256).hexdigest()
    assert Signature(TOKEN).fits(body, {SIGNATURE_HEADER: made})
    assert not Signature(TOKEN).fits(json.dumps(json.loads(body)).encode(), {SIGNATURE_HEADER: made})
    assert not Signature(TOKEN + "x").fits(body, {SIGNATURE_HEADER: made})
    assert not Signature(TOKEN).fits(body, {SIGNATURE_HEADER: made.upper()})
    assert not Signature(TOKEN).fits(body, {})


def test_nobody_can_sign_for_an_app_without_a_token() -> None:
    with pytest.raises(ValueError, match="token"):
        Signature("")


def test_the_emulators_webhook_has_the_fields_of_the_real_one(body: bytes) -> None:
    till = Till(SandboxClock(), TOKEN)
    made = till.create({"asset": "USDT", "amount": "1.5", "description": "x"})
    told = json.loads(signing.update(till.pay(made.id, "USDT"), till.clock.now(), {}))
    real = json.loads(body)
    assert told.keys() == real.keys()
    assert real["payload"].keys() == told["payload"].keys()
    for name, value in real["payload"].items():
        assert type(told["payload"][name]) is type(value), name
