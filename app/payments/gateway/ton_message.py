"""What one transaction of the merchant's wallet means: whether it is money, and what its sender wrote. Does no I/O."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from app.domain.ton import TonAddress, Verdict
from app.payments.gateway import boc
from app.payments.gateway.cells import Slice
from app.services.chain import IncomingTransfer

if TYPE_CHECKING:
    from app.payments.gateway.tonapi_models import Message, Party, Transaction

MOST_COMMENT_BYTES = 1024
_MOST_BODY_DIGITS = 64 * 1024
_TEXT_OP = bytes(4)
_ORDINARY = "TransOrd"
_INTERNAL = "int_msg"
_EXTERNAL_IN = "ext_in_msg"
_BOUNCE_OK = "TrPhaseBounceOk"
_NOT_DEPLOYED = "cskip_no_state"
JETTON_NOTICE = 0x7362D09C
# A notice carries a nanoton by habit; who attaches more to it has sent coins.
NOTICE_DUST = 10_000_000


def transfer_of(step: Transaction, account: TonAddress) -> IncomingTransfer:
    """The transaction as the store keeps it; nothing is left out, and only real money says `is_money`."""
    verdict = verdict_of(step, account)
    message = step.in_msg
    return IncomingTransfer(
        hash=step.hash,
        lt=step.lt,
        at=step.utime.astimezone(UTC),
        source=_spelled(message.source) if message else None,
        nano=message.value if message else 0,
        comment=comment_of(message) if message else None,
        is_money=verdict is Verdict.MONEY,
        verdict=verdict.value,
    )


def verdict_of(step: Transaction, account: TonAddress) -> Verdict:
    """MONEY for a native transfer from somebody else that stayed in the wallet; else the first reason why not.

    Whoever marks a transaction's sender as a scam marks a person, not the coins: such labels are not looked at.
    """
    message = step.in_msg
    if message is None:
        return Verdict.NO_MESSAGE
    if step.transaction_type != _ORDINARY:
        return Verdict.NOT_ORDINARY
    verdict = _verdict_of_message(message, account) or _verdict_of_outcome(step, message)
    is_news = message.value < NOTICE_DUST and operation_of(message) == JETTON_NOTICE
    return Verdict.NOTICE if verdict is Verdict.MONEY and is_news else verdict


def operation_of(message: Message) -> int | None:
    """Which method of a contract the message calls; 0 is a text, None is nothing at all."""
    try:
        if message.raw_body:
            packed = bytes.fromhex(message.raw_body)
            return Slice.of(packed).number(32) if boc.is_boc(packed) else int.from_bytes(packed[:4], "big")
        return int(message.op_code, 16) if message.op_code else None
    except ValueError:
        return None


def _verdict_of_message(message: Message, account: TonAddress) -> Verdict | None:
    if message.msg_type != _INTERNAL:
        return Verdict.OUTGOING if message.msg_type == _EXTERNAL_IN else Verdict.NOT_INTERNAL
    if message.bounced:
        return Verdict.BOUNCED
    if _address(message.destination) != account:
        return Verdict.FOREIGN_DESTINATION
    source = _address(message.source)
    if source is None:
        return Verdict.NO_SOURCE
    if source == account:
        return Verdict.SELF_TRANSFER
    return None if message.value > 0 else Verdict.NO_VALUE


def _verdict_of_outcome(step: Transaction, message: Message) -> Verdict:
    if step.bounce_phase == _BOUNCE_OK or any(out.bounced for out in step.out_msgs):
        return Verdict.RETURNED
    if step.aborted:
        return Verdict.MONEY if _stayed_in_undeployed(step, message) else Verdict.ABORTED
    return Verdict.MONEY if step.success else Verdict.FAILED


def _stayed_in_undeployed(step: Transaction, message: Message) -> bool:
    """Whether the transaction counts as aborted only because a new wallet has no code yet: the coins stay there."""
    skipped = step.compute_phase is not None and step.compute_phase.skip_reason == _NOT_DEPLOYED
    return step.success and skipped and not message.bounce and step.bounce_phase is None


def comment_of(message: Message) -> str | None:
    """The text that the sender attached, for display and for `normalised_comment`; None where there is none to read.

    An encrypted comment is none: only the wallet's key can read it. At most 1 KiB, without NUL and lone surrogates.
    """
    body = message.decoded_body
    if message.decoded_op_name == "text_comment" and isinstance(body, dict):
        text = body.get("text")
        if isinstance(text, str):
            return _storable(text.encode("utf-8", "replace"))
    return _comment_in(message.raw_body) if message.raw_body else None


def _comment_in(digits: str) -> str | None:
    if len(digits) > _MOST_BODY_DIGITS:
        return None
    try:
        packed = bytes.fromhex(digits)
        body = boc.snake_bytes(packed, MOST_COMMENT_BYTES + len(_TEXT_OP)) if boc.is_boc(packed) else packed
    except ValueError:
        # A body that is no text is nothing unusual: anybody may send anything to a wallet.
        return None
    return text_in(body)


def text_in(body: bytes) -> str | None:
    """The text of a body that is one; None for any other."""
    return _storable(body.removeprefix(_TEXT_OP)) if body.startswith(_TEXT_OP) else None


def _storable(text: bytes) -> str | None:
    return text[:MOST_COMMENT_BYTES].decode("utf-8", "replace").replace("\0", "") or None


def _address(party: Party | None) -> TonAddress | None:
    if party is None:
        return None
    try:
        return TonAddress.parse(party.address)
    except ValueError:
        # An account of a kind that we can't pay or be paid by; it is nobody, and so its coins are not judged as money.
        return None


def _spelled(party: Party | None) -> str | None:
    address = _address(party)
    return address.raw if address else None
