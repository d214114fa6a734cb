"""What one transaction of our own jetton wallet means: whether jettons came, how many and with what comment. No I/O.

A jetton wallet belongs to one owner and one master, and its code lets in only what comes from another wallet of the
same master, or from the master itself. So the history of our wallet, whose address the master names, holds no jetton
but the one that is meant; symbols and notices, which anyone can imitate, are never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from app.domain.assets import Asset
from app.domain.ton import TonAddress, Verdict
from app.payments.gateway.cells import Slice
from app.payments.gateway.ton_message import MOST_COMMENT_BYTES, operation_of, text_in, verdict_of
from app.services.chain import IncomingTransfer

if TYPE_CHECKING:
    from app.payments.gateway.tonapi_models import Message, MethodResult, Transaction

INTERNAL_TRANSFER = 0x178D4519
ADDRESS_METHOD = "get_wallet_address"
_BIGGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class JettonWallet:
    """Whose it is, and which jetton it holds."""

    owner: TonAddress
    master: TonAddress
    address: TonAddress


@dataclass(frozen=True, slots=True)
class _Came:
    """The body of an internal transfer, as TEP-74 writes it."""

    units: int
    sender: TonAddress | None
    comment: str | None


def address_in(result: MethodResult) -> TonAddress | None:
    """The address that a contract's method answered with; None where there is none to read."""
    if not result.success:
        return None
    for record in result.stack[:1]:
        if packed := record.slice or record.cell:
            try:
                return Slice.of(bytes.fromhex(packed)).address()
            except ValueError:
                break
    decoded = result.decoded if isinstance(result.decoded, dict) else {}
    try:
        return TonAddress.parse(str(decoded.get("jetton_wallet_address")))
    except ValueError:
        return None


def jetton_transfer_of(step: Transaction, wallet: JettonWallet) -> IncomingTransfer:
    """The transaction as the store keeps it; nothing is left out, and only real jettons say `is_money`."""
    came = _came(step.in_msg)
    verdict = _verdict(step, wallet, came)
    sender = came.sender if came else None
    # What a transaction claims that was refused, or that is none of a transfer, is no jetton at all.
    counts = verdict in {Verdict.MONEY, Verdict.MINT, Verdict.SELF_TRANSFER}
    return IncomingTransfer(
        hash=step.hash,
        lt=step.lt,
        at=step.utime.astimezone(UTC),
        source=sender.raw if sender else None,
        nano=came.units if came and counts else 0,
        comment=came.comment if came else None,
        is_money=verdict is Verdict.MONEY,
        verdict=verdict.value,
        asset=Asset.USDT,
    )


def _verdict(step: Transaction, wallet: JettonWallet, came: _Came | None) -> Verdict:
    chain = verdict_of(step, wallet.address)
    if step.in_msg is None or operation_of(step.in_msg) != INTERNAL_TRANSFER:
        # Our own sending, what came back to us, mere coins: no transfer from anyone.
        return chain if chain in {Verdict.BOUNCED, Verdict.OUTGOING} else Verdict.NO_TRANSFER
    # The coins that pay for the message are none of ours; that it brings some says nothing.
    if chain not in {Verdict.MONEY, Verdict.NO_VALUE} or not step.success or step.aborted:
        return chain if chain is not Verdict.MONEY else Verdict.ABORTED
    if came is None:
        return Verdict.UNREADABLE
    if _is(step.in_msg, wallet.master):
        return Verdict.MINT
    if came.sender == wallet.owner:
        return Verdict.SELF_TRANSFER
    return Verdict.MONEY if came.units > 0 else Verdict.NO_VALUE


def _is(message: Message, address: TonAddress) -> bool:
    try:
        return message.source is not None and TonAddress.parse(message.source.address) == address
    except ValueError:
        return False


def _came(message: Message | None) -> _Came | None:
    """What an internal transfer says; None where it can't be read to the end of what counts."""
    if message is None or not message.raw_body:
        return None
    try:
        body = Slice.of(bytes.fromhex(message.raw_body))
        if body.number(32) != INTERNAL_TRANSFER:
            return None
        body.number(64)  # the sender's own number for it
        units, sender = body.coins(), body.address()
    except ValueError:
        return None
    return _Came(units, sender, _comment(body)) if units <= _BIGGEST else None


def _comment(body: Slice) -> str | None:
    """The text that was sent along; one that can't be read is none, for the jettons came all the same."""
    try:
        body.address()  # where the change goes
        body.coins()  # what the notice is given
        return text_in(body.either(MOST_COMMENT_BYTES + 4))
    except ValueError:
        return None
