"""Owns the two spellings of a TON address, raw and friendly; must not know accounts or networks."""

import base64
import binascii
from dataclasses import dataclass

_BOUNCEABLE = 0x11
_NON_BOUNCEABLE = 0x51
_TEST_ONLY = 0x80
_FRIENDLY_BYTES = 36


@dataclass(frozen=True)
class Address:
    """An account: workchain (0 for people, -1 for the masterchain) and the 32 bytes of its hash."""

    workchain: int
    hash: bytes

    @property
    def raw(self) -> str:
        """`wc:64hex`, lower case as tonapi answers it."""
        return f"{self.workchain}:{self.hash.hex()}"

    def friendly(self, *, bounceable: bool = False, test_only: bool = False, url_safe: bool = True) -> str:
        """48 characters of base64; UQ… by default, the form a wallet shows its owner."""
        flag = (_BOUNCEABLE if bounceable else _NON_BOUNCEABLE) | (_TEST_ONLY if test_only else 0)
        payload = bytes([flag, self.workchain & 0xFF]) + self.hash
        whole = payload + crc16(payload).to_bytes(2, "big")
        return (base64.urlsafe_b64encode if url_safe else base64.b64encode)(whole).decode("ascii")


@dataclass(frozen=True)
class Spelling:
    """An address together with what its spelling says about it."""

    address: Address
    given_type: str
    test_only: bool


def crc16(payload: bytes) -> int:
    """CRC-16/XMODEM: polynomial 0x1021, start 0."""
    return binascii.crc_hqx(payload, 0)


def parse(text: str) -> Spelling:
    """Read either spelling; ValueError names what is wrong with it."""
    return _parse_raw(text) if ":" in text else _parse_friendly(text)


def _parse_raw(text: str) -> Spelling:
    chain, _, digits = text.partition(":")
    if len(digits) != 64 or chain not in {"0", "-1"}:
        raise ValueError(f"can't decode address {text}")
    return Spelling(Address(int(chain), bytes.fromhex(digits)), "raw_form", test_only=False)


def _parse_friendly(text: str) -> Spelling:
    try:
        whole = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError(f"can't decode address {text}") from error
    if len(whole) != _FRIENDLY_BYTES or crc16(whole[:34]) != int.from_bytes(whole[34:], "big"):
        raise ValueError(f"can't decode address {text}")
    flag = whole[0] & ~_TEST_ONLY
    if flag not in {_BOUNCEABLE, _NON_BOUNCEABLE}:
        raise ValueError(f"can't decode address {text}")
    address = Address(int.from_bytes(whole[1:2], "big", signed=True), whole[2:34])
    given = "friendly_bounceable" if flag == _BOUNCEABLE else "friendly_non_bounceable"
    return Spelling(address, given, test_only=bool(whole[0] & _TEST_ONLY))
