"""Owns what a message carries, as tonapi would have decoded it; must not know who sends it or whether it succeeds."""

import hashlib
from dataclasses import dataclass

from sandbox.chain.address import Address
from sandbox.chain.boc import snake

_TEXT_OP = bytes(4)
_ENCRYPTED_OP = bytes.fromhex("2167da4b")
_JETTON_OP = bytes.fromhex("7362d09c")
_BOUNCED_OP = bytes.fromhex("ffffffff")
_CALL_OP = bytes.fromhex("d53276db")


@dataclass(frozen=True)
class Body:
    """The payload of a message: hex of it, and the decoding where the indexer made one."""

    raw: str | None = None
    op_code: str | None = None
    op_name: str | None = None
    decoded: dict[str, object] | None = None

    @property
    def text(self) -> str | None:
        """The comment, where it was decoded as one."""
        text = (self.decoded or {}).get("text")
        return text if isinstance(text, str) else None


def plain(comment: str | None) -> Body:
    """Carry a text comment, decoded; nothing at all where there is none."""
    if comment is None:
        return Body()
    return Body(snake(_TEXT_OP + comment.encode()), "0x00000000", "text_comment", {"text": comment})


def undecoded(comment: str | None) -> Body:
    """Carry a text comment the indexer did not decode."""
    return Body(snake(_TEXT_OP + (comment or "").encode()), "0x00000000")


def bare(comment: str | None) -> Body:
    """Carry an undecoded comment as bare bytes, not as a bag of cells: such records were captured."""
    return Body((_TEXT_OP + (comment or "").encode()).hex(), "0x00000000")


def encrypted(comment: str | None) -> Body:
    """Carry a comment only the wallet's key could read; the cipher text here is a digest and says nothing."""
    cipher = hashlib.sha512((comment or "").encode()).digest()
    return Body(snake(_ENCRYPTED_OP + cipher), "0x2167da4b", "encrypted_text_comment", {"cipher_text": cipher.hex()})


def bounced(comment: str | None) -> Body:
    """Come back from a contract that refused it."""
    return Body(snake(_BOUNCED_OP + _TEXT_OP + (comment or "").encode()), "0xffffffff")


def call() -> Body:
    """Call a contract ("excesses") and say nothing to a person."""
    return Body(snake(_CALL_OP + bytes(8)), "0xd53276db", "excess", {"query_id": 0})


def jetton(comment: str | None, amount: int, sender: Address) -> Body:
    """Claim that jettons arrived: anyone can send this notice, and the comment in it looks like a payer's."""
    text = (comment or "").encode()
    head = _JETTON_OP + bytes(8) + amount.to_bytes(16, "big") + sender.hash
    forwarded = {"sum_type": "TextComment", "op_code": 0, "value": {"text": comment or ""}}
    decoded: dict[str, object] = {
        "query_id": 0,
        "amount": str(amount),
        "sender": sender.raw,
        "forward_payload": {"is_right": True, "value": forwarded},
    }
    return Body(snake(head + _TEXT_OP + text), "0x7362d09c", "jetton_notify", decoded)
