"""What a transaction of our jetton wallet means: jettons that came, and nothing that only looks like them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.assets import Asset
from app.domain.ton import TonAddress
from app.payments.gateway.ton_jetton import JettonWallet, address_in, jetton_transfer_of
from app.payments.gateway.tonapi_models import MethodResult, Transaction
from app.services.chain import IncomingTransfer
from sandbox.chain.address import Address
from sandbox.chain.cells import Cell, bag

OWNER, MASTER = TonAddress(0, b"\x11" * 32), TonAddress(0, b"\x22" * 32)
OURS, PAYERS, PAYER = TonAddress(0, b"\x33" * 32), TonAddress(0, b"\x44" * 32), TonAddress(0, b"\x55" * 32)
WALLET = JettonWallet(OWNER, MASTER, OURS)
CODE = "ABCDEFGHJK"


def cell_address(address: TonAddress) -> Address:
    return Address(address.wc, address.hash)


def text(said: str) -> bytes:
    return bytes(4) + said.encode()


def internal(units: int = 5_000_000, sender: TonAddress | None = PAYER, op: int = 0x178D4519) -> Cell:
    """The head of an internal transfer; what is forwarded follows."""
    source = cell_address(sender) if sender else None
    return Cell().number(op, 32).number(7, 64).coins(units).address(source).address(source).coins(1)


def inline(said: str, **head: Any) -> str:
    return bag(internal(**head).number(0, 1).bytes(text(said)))


def behind(said: str, **head: Any) -> str:
    return bag(internal(**head).number(1, 1).ref(Cell().bytes(text(said))))


def seen(raw_body: str | None, source: TonAddress = PAYERS, **changes: Any) -> IncomingTransfer:
    message = {
        "msg_type": "int_msg",
        "value": 30_000_000,
        "bounce": True,
        "source": {"address": source.raw},
        "destination": {"address": OURS.raw},
        "raw_body": raw_body,
    }
    step = {
        "hash": "AB" * 32,
        "lt": 7,
        "utime": 1_700_000_000,
        "success": True,
        "aborted": False,
        "transaction_type": "TransOrd",
        "in_msg": message | changes.pop("message", {}),
    }
    return jetton_transfer_of(Transaction.model_validate(step | changes), WALLET)


@pytest.mark.parametrize("body", [inline(CODE), behind(CODE)])
def test_a_transfer_is_money_with_its_units_its_sender_and_its_comment(body: str) -> None:
    transfer = seen(body)
    assert (transfer.is_money, transfer.verdict, transfer.asset) == (True, "money", Asset.USDT)
    assert (transfer.nano, transfer.comment, transfer.source) == (5_000_000, CODE, PAYER.raw)


@pytest.mark.parametrize(
    ("body", "changes", "verdict", "units"),
    [
        (inline(CODE), {"aborted": True, "success": False}, "aborted", 0),
        (inline(CODE), {"success": False}, "failed", 0),
        (inline(CODE), {"bounce_phase": "TrPhaseBounceOk", "aborted": True, "success": False}, "returned", 0),
        (inline(CODE), {"message": {"bounced": True}}, "bounced", 0),
        (inline(CODE), {"message": {"value": 0}}, "money", 5_000_000),
        (inline(CODE), {"message": {"value": 0}, "aborted": True, "success": False}, "no_value", 0),
        (inline(CODE), {"message": {"destination": {"address": OWNER.raw}}}, "foreign_destination", 0),
        (inline(CODE), {"message": {"source": None}}, "no_source", 0),
        (inline(CODE), {"message": {"msg_type": "ext_in_msg"}}, "outgoing", 0),
        (inline(CODE), {"source": MASTER}, "mint", 5_000_000),
        (inline(CODE, sender=None), {"source": MASTER}, "mint", 5_000_000),
        (inline(CODE, sender=OWNER), {}, "self_transfer", 5_000_000),
        (inline(CODE, units=0), {}, "no_value", 0),
        (inline(CODE, op=0x7362D09C), {}, "no_transfer", 0),
        (inline(CODE, op=0x0F8A7EA5), {"source": OWNER}, "no_transfer", 0),
        (inline(CODE, op=0x595F07BC), {"source": OWNER}, "no_transfer", 0),
        (None, {}, "no_transfer", 0),
        (bag(Cell().number(0x178D4519, 32)), {}, "unreadable", 0),
        (inline(CODE, units=2**63), {}, "unreadable", 0),
    ],
)
def test_what_is_no_transfer_that_stayed_is_no_money(
    body: str | None, changes: dict[str, Any], verdict: str, units: int
) -> None:
    transfer = seen(body, **changes)
    assert (transfer.verdict, transfer.nano, transfer.is_money) == (verdict, units, verdict == "money")


@pytest.mark.parametrize(
    "payload",
    [
        internal().number(0, 1),
        internal().number(0, 1).number(1, 3),
        internal().number(1, 1),
        internal().number(0, 1).bytes(bytes.fromhex("2167da4b") + bytes(30)),
        internal().number(1, 1).ref(Cell().number(5, 3)),
    ],
)
def test_without_a_comment_that_can_be_read_it_is_money_all_the_same(payload: Cell) -> None:
    transfer = seen(bag(payload))
    assert (transfer.is_money, transfer.nano, transfer.comment) == (True, 5_000_000, None)


def test_a_long_comment_is_read_through_its_cells() -> None:
    said = "x" * 300
    chunks = [text(said)[start : start + 100] for start in range(0, 304, 100)]
    cell = Cell().bytes(chunks[-1])
    for chunk in reversed(chunks[:-1]):
        cell = Cell().bytes(chunk).ref(cell)
    assert seen(bag(internal().number(1, 1).ref(cell))).comment == said


@given(st.binary(max_size=300))
def test_whatever_stands_in_a_body_is_read_or_left(body: bytes) -> None:
    for raw in (body, bytes.fromhex("b5ee9c72") + body, bytes.fromhex(inline(CODE))[: len(body)]):
        transfer = seen(raw.hex())
        assert transfer.nano == 0 or transfer.is_money


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_body_with_one_byte_changed_raises_nothing(place: int, value: int) -> None:
    body = bytearray(bytes.fromhex(behind(CODE)))
    body[place % len(body)] = value
    assert seen(body.hex()).verdict in {"money", "unreadable", "no_transfer", "no_value"}


@pytest.mark.parametrize(
    "answer",
    [
        {"success": True, "stack": [{"type": "cell", "cell": bag(Cell().address(cell_address(OURS)))}]},
        {"success": True, "stack": [{"type": "slice", "slice": bag(Cell().address(cell_address(OURS)))}]},
        {"success": True, "stack": [], "decoded": {"jetton_wallet_address": OURS.raw}},
    ],
)
def test_the_address_that_a_master_names_is_read(answer: dict[str, Any]) -> None:
    assert address_in(MethodResult.model_validate(answer)) == OURS


@pytest.mark.parametrize(
    "answer",
    [
        {"success": False, "decoded": {"jetton_wallet_address": OURS.raw}},
        {"success": True, "stack": [{"type": "num"}]},
        {"success": True, "stack": [{"type": "cell", "cell": "zz"}], "decoded": {"jetton_wallet_address": None}},
        {"success": True, "stack": [{"type": "cell", "cell": bag(Cell().address(None))}]},
    ],
)
def test_no_address_is_made_up(answer: dict[str, Any]) -> None:
    assert address_in(MethodResult.model_validate(answer)) is None
