"""TON rules: addresses, comment codes, quotes and links. Knows no network, no clock and no randomness of its own.

Amounts are whole units of their asset; what is called nano is a nanoton, or a millionth of a USDT.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from app.domain.assets import Asset
from app.domain.money import KOPECKS_IN_RUBLE, Money

if TYPE_CHECKING:
    from decimal import Decimal

COMMENT_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
COMMENT_LENGTH = 10
_UNBIASED_BYTES = 256 - 256 % len(COMMENT_ALPHABET)
_CODE = re.compile(f"[{COMMENT_ALPHABET.lower()}]{{{COMMENT_LENGTH}}}", re.ASCII)
# Invisible, yet neither control nor format characters: joiners, fillers, variation selectors, the empty Braille cell.
_BLANKS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

_RAW = re.compile(r"(0|-1):([0-9a-fA-F]{64})", re.ASCII)
_FRIENDLY = re.compile(r"[A-Za-z0-9+/_-]{48}", re.ASCII)
_BOUNCEABLE, _NON_BOUNCEABLE, _TEST_ONLY = 0x11, 0x51, 0x80


@dataclass(frozen=True, slots=True)
class TonAddress:
    """An account of the network. Equal where workchain and hash are: the spelling it came in does not count."""

    wc: int
    hash: bytes
    test_only: bool = field(default=False, compare=False)
    bounceable: bool = field(default=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the raw form, or the friendly one in either base64 alphabet; ValueError says what is wrong with it."""
        text = text.strip()
        if raw := _RAW.fullmatch(text):
            return cls(int(raw.group(1)), bytes.fromhex(raw.group(2)))
        if not _FRIENDLY.fullmatch(text):
            raise ValueError("neither a raw nor a friendly TON address")
        packed = base64.b64decode(text.replace("-", "+").replace("_", "/"))
        if binascii.crc_hqx(packed[:34], 0) != int.from_bytes(packed[34:], "big"):
            raise ValueError("the TON address has a wrong checksum")
        flag = packed[0] & ~_TEST_ONLY
        wc = int.from_bytes(packed[1:2], "big", signed=True)
        if flag not in {_BOUNCEABLE, _NON_BOUNCEABLE} or wc not in {0, -1}:
            raise ValueError("the TON address is of an unknown kind")
        return cls(wc, packed[2:34], bool(packed[0] & _TEST_ONLY), flag == _BOUNCEABLE)

    @property
    def raw(self) -> str:
        """`wc:64hex` in lower case."""
        return f"{self.wc}:{self.hash.hex()}"

    def friendly(self, *, bounceable: bool = False) -> str:
        """48 characters of URL-safe base64; UQ… by default, which is safe to pay even before the wallet is deployed."""
        flag = (_BOUNCEABLE if bounceable else _NON_BOUNCEABLE) | (_TEST_ONLY if self.test_only else 0)
        packed = bytes([flag, self.wc & 0xFF]) + self.hash
        return base64.urlsafe_b64encode(packed + binascii.crc_hqx(packed, 0).to_bytes(2, "big")).decode("ascii")


class Verdict(StrEnum):
    """What one transaction of the merchant's wallet, or of its jetton wallet, is. Only MONEY is ever credited."""

    MONEY = "money"
    NO_MESSAGE = "no_message"
    NOT_ORDINARY = "not_ordinary"
    OUTGOING = "outgoing"
    NOT_INTERNAL = "not_internal"
    BOUNCED = "bounced"
    FOREIGN_DESTINATION = "foreign_destination"
    NO_SOURCE = "no_source"
    SELF_TRANSFER = "self_transfer"
    NO_VALUE = "no_value"
    RETURNED = "returned"
    ABORTED = "aborted"
    FAILED = "failed"
    HISTORY = "history"
    # Dust that comes with the news of a jetton: the jettons themselves are in the jetton wallet's own history.
    NOTICE = "notice"
    MINT = "mint"
    NO_TRANSFER = "no_transfer"
    UNREADABLE = "unreadable"


def new_comment(random_bytes: bytes) -> str:
    """A code of 10 characters, 49.5 bits, without look-alikes; ValueError where too few bytes are usable (give 32).

    Every code is equally likely: bytes that would favour the first letters of the alphabet are passed over.
    """
    letters = [COMMENT_ALPHABET[byte % len(COMMENT_ALPHABET)] for byte in random_bytes if byte < _UNBIASED_BYTES]
    if len(letters) < COMMENT_LENGTH:
        raise ValueError("too few random bytes for a comment")
    return "".join(letters[:COMMENT_LENGTH])


def normalised_comment(text: str) -> str:
    """The form in which comments are stored and compared, always whole; normalising it again changes nothing.

    Wallets and people add spaces, line breaks and invisible characters, and change case and width: none of it counts.
    """
    if text.isascii() and text.isalnum():  # most are a code as it was given: nothing below would change more of it
        return text.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold()).casefold()
    visible = (char for char in _BLANKS.sub("", folded) if char.isspace() or not _is_invisible(char))
    return unicodedata.normalize("NFKC", " ".join("".join(visible).split()))


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs"}


def is_comment_code(text: str) -> bool:
    """Whether a comment, as a whole, has the form of our codes."""
    return _CODE.fullmatch(normalised_comment(text)) is not None


def quoted_nano(amount: Money, rate: Decimal, asset: Asset = Asset.TON) -> int:
    """Units to ask for `amount` at `rate` rubles for one, rounded up to the asset's step; ValueError if rate <= 0."""
    _check_rate(rate)
    steps = Fraction(amount.kopecks, KOPECKS_IN_RUBLE) / Fraction(rate) * (asset.units // asset.step)
    return -(-steps.numerator // steps.denominator) * asset.step


def credit_for(nano: int, quoted: int, amount: Money, rate: Decimal, asset: Asset = Asset.TON) -> Money:
    """What `nano` units are worth to a payment of `amount`, quoted as `quoted` units at `rate` rubles for one.

    The rule, for here and for SQL, with floor to the kopeck: paid as asked, exactly `amount`; more, `amount` and the
    worth of what is over on top; less, floor(nano * rate / units in one), and never more than `amount`.
    ValueError for a rate <= 0 or a negative nano.
    """
    _check_rate(rate)
    if nano < 0:
        raise ValueError("a transfer can't be negative")
    if nano >= quoted:
        return amount + worth_of(nano - quoted, rate, asset)
    return min(worth_of(nano, rate, asset), amount)


def worth_of(nano: int, rate: Decimal, asset: Asset = Asset.TON) -> Money:
    """What `nano` units are worth at `rate` rubles for one, rounded down to the kopeck."""
    kopecks = Fraction(rate) * nano * KOPECKS_IN_RUBLE / asset.units
    return Money(kopecks.numerator // kopecks.denominator)


def _check_rate(rate: Decimal) -> None:
    if not rate.is_finite() or rate <= 0:
        raise ValueError("a rate must be a positive number")


def wallet_link(address: TonAddress, nano: int, comment: str, jetton: TonAddress | None = None) -> str:
    """An https link that opens the wallet filled in, for the coin or for the jetton of that master."""
    return f"https://app.keeperwallet.com/{_transfer(address, nano, comment, jetton)}"


def ton_link(address: TonAddress, nano: int, comment: str, jetton: TonAddress | None = None) -> str:
    """The same as a ton:// link, for a QR code."""
    return f"ton://{_transfer(address, nano, comment, jetton)}"


def _transfer(address: TonAddress, nano: int, comment: str, jetton: TonAddress | None) -> str:
    asset = f"jetton={jetton.friendly(bounceable=True)}&" if jetton else ""
    return f"transfer/{address.friendly()}?{asset}amount={nano}&text={quote(comment, safe='')}"
