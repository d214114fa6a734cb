"""Owns the panel's signed strings, admin tokens and subscription tokens; must not know admins or users."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

_HEADER = {"alg": "HS256", "typ": "JWT"}
_SIGNATURE_CHARS = 10


@dataclass(frozen=True)
class Claims:
    """What an admin token says; iat and exp in unix seconds, exp None for a token that never ends."""

    sub: str
    access: str
    iat: int
    exp: int | None


@dataclass(frozen=True)
class Ticket:
    """What a subscription token says; the serial grows with every token the panel gives out."""

    username: str
    serial: int


def jwt(claims: Claims, secret: bytes) -> str:
    """Sign claims as an HS256 JSON Web Token."""
    payload: dict[str, str | int] = {"sub": claims.sub, "access": claims.access, "iat": claims.iat}
    if claims.exp is not None:
        payload["exp"] = claims.exp
    signed = f"{_part(_HEADER)}.{_part(payload)}"
    return f"{signed}.{_encode(_mac(signed, secret))}"


def read_jwt(token: str, secret: bytes, now: float) -> Claims | None:
    """Return the claims of a genuine token that has not ended, or None."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_encode(_mac(signed, secret)).encode(), signature.encode()):
        return None
    payload = json.loads(_decode(signed.partition(".")[2]))
    claims = Claims(payload["sub"], payload["access"], payload["iat"], payload.get("exp"))
    return claims if claims.exp is None or claims.exp > now else None


def subscription(ticket: Ticket, issued_at: int, secret: bytes) -> str:
    """Sign a subscription token: readable name and time, then ten characters of signature."""
    body = _encode(f"{ticket.username},{issued_at},{ticket.serial}".encode())
    return body + _short(body, secret)


def read_subscription(token: str, secret: bytes) -> Ticket | None:
    """Return what a genuine subscription token says, or None."""
    body, signature = token[:-_SIGNATURE_CHARS], token[-_SIGNATURE_CHARS:]
    if not hmac.compare_digest(_short(body, secret).encode(), signature.encode()):
        return None
    username, _issued_at, serial = _decode(body).decode().rsplit(",", 2)
    return Ticket(username, int(serial))


def _short(body: str, secret: bytes) -> str:
    return _encode(_mac(body, secret))[:_SIGNATURE_CHARS]


def _mac(text: str, secret: bytes) -> bytes:
    return hmac.new(secret, text.encode(), hashlib.sha256).digest()


def _part(claims: Mapping[str, str | int]) -> str:
    return _encode(json.dumps(claims, separators=(",", ":")).encode())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64") from error
