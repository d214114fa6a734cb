"""Owns a webhook's body and signature, the true ones and those of a forger; must not send anything."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from sandbox.cryptopay.model import Invoice, moment

SIGNATURE_HEADER = "crypto-pay-api-signature"
_FOREIGN_TOKEN = "777:somebody-elses-token"  # noqa: S105 - made up

Message = tuple[bytes, dict[str, str]]


def update(invoice: Invoice, now: datetime, changes: Mapping[str, object]) -> bytes:
    """Write the body that tells of a paid invoice; `changes` replace fields of the invoice, None takes one out."""
    told = {name: value for name, value in (invoice.wire(now) | dict(changes)).items() if value is not None}
    body = {
        "update_id": secrets.randbelow(10**8),
        "update_type": "invoice_paid",
        "request_date": moment(now),
        "payload": told,
    }
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def signature(token: str, body: bytes) -> str:
    """Sign the bytes."""
    return hmac.new(hashlib.sha256(token.encode()).digest(), body, hashlib.sha256).hexdigest()


def _signed(token: str, body: bytes) -> Message:
    return body, {SIGNATURE_HEADER: signature(token, body)}


def _reserialised(token: str, body: bytes) -> Message:
    return json.dumps(json.loads(body), indent=1).encode(), {SIGNATURE_HEADER: signature(token, body)}


TAMPERED: Mapping[str, Callable[[str, bytes], Message]] = {
    "none": _signed,
    "missing": lambda _token, body: (body, {}),
    "forged": lambda _token, body: (body, {SIGNATURE_HEADER: "0" * 64}),
    "foreign_token": lambda _token, body: _signed(_FOREIGN_TOKEN, body),
    "truncated": lambda token, body: (body[:-2], {SIGNATURE_HEADER: signature(token, body)}),
    "short_signature": lambda token, body: (body, {SIGNATURE_HEADER: signature(token, body)[:-1]}),
    "reserialised": _reserialised,
    "non_ascii": lambda _token, body: (body, {SIGNATURE_HEADER: "подпись"}),
    # Signed as it should be, and yet not to be read in one way only.
    "not_json": lambda token, body: _signed(token, body + b"}"),
    "nan": lambda token, body: _signed(token, body.replace(b'"update_id":', b'"x":NaN,"update_id":')),
    "key_twice": lambda token, body: _signed(token, body.replace(b'"payload":', b'"payload":{},"payload":', 1)),
    "no_object": lambda token, _body: _signed(token, b"[]"),
    "other_type": lambda token, body: _signed(token, body.replace(b"invoice_paid", b"invoice_seen")),
}
