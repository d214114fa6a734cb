"""What a transaction means: only real money is money, and a comment is read wherever it stands."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ton import TonAddress
from app.payments.gateway.boc import snake_bytes
from app.payments.gateway.ton_message import MOST_COMMENT_BYTES, comment_of, transfer_of
from app.payments.gateway.tonapi_models import Message, Transaction
from app.services.chain import IncomingTransfer

OURS = TonAddress(0, b"\x11" * 32)
PAYER = TonAddress(0, b"\x22" * 32)
THIRD = TonAddress(0, b"\x33" * 32)


def bag(*cells: bytes) -> str:
    """Write cells as a bag, each with the next one as its only reference."""
    packed = b""
    for place, content in enumerate(cells):
        last = place + 1 == len(cells)
        packed += bytes([0 if last else 1, 2 * len(content)]) + content + (b"" if last else bytes([place + 1]))
    head = bytes([1, 2, len(cells), 1, 0]) + len(packed).to_bytes(2, "big") + b"\0"
    return (bytes.fromhex("b5ee9c72") + head + packed).hex()


def snake(body: bytes) -> str:
    return bag(*(body[start : start + 127] for start in range(0, len(body), 127)))


def message(**changes: object) -> dict[str, Any]:
    return {
        "msg_type": "int_msg",
        "value": 10**9,
        "bounced": False,
        "source": {"address": PAYER.raw},
        "destination": {"address": OURS.raw},
    } | changes


def transfer(in_msg: dict[str, Any] | None = None, **changes: object) -> IncomingTransfer:
    step = {
        "hash": "AB" * 32,
        "lt": 7,
        "utime": 1_700_000_000,
        "success": True,
        "aborted": False,
        "transaction_type": "TransOrd",
        "in_msg": message() if in_msg is None else in_msg,
    }
    return transfer_of(Transaction.model_validate(step | changes), OURS)


def comment(**body: object) -> str | None:
    return comment_of(Message.model_validate(message(**body)))


UNDEPLOYED = {"aborted": True, "compute_phase": {"skipped": True, "skip_reason": "cskip_no_state"}}


@pytest.mark.parametrize(
    ("in_msg", "changes", "verdict"),
    [
        (message(), {}, "money"),
        (message(value=1), {}, "money"),
        (message(source={"address": PAYER.raw, "is_scam": True}), {}, "money"),
        (message(), UNDEPLOYED, "money"),
        (message(bounce=True), UNDEPLOYED, "aborted"),
        (message(), UNDEPLOYED | {"success": False}, "aborted"),
        (message(), UNDEPLOYED | {"bounce_phase": "TrPhaseBounceOk"}, "returned"),
        (message(bounced=True), {}, "bounced"),
        (message(msg_type="ext_in_msg", source=None, value=0), {}, "outgoing"),
        (message(msg_type="ext_out_msg"), {}, "not_internal"),
        (message(msg_type="a_new_kind"), {}, "not_internal"),
        (message(destination={"address": THIRD.raw}), {}, "foreign_destination"),
        (message(destination=None), {}, "foreign_destination"),
        (message(source=None), {}, "no_source"),
        (message(source={"address": "not an address"}), {}, "no_source"),
        (message(source={"address": OURS.friendly()}), {}, "self_transfer"),
        (message(value=0), {}, "no_value"),
        (message(), {"aborted": True}, "aborted"),
        (message(), {"aborted": True, "success": False}, "aborted"),
        (message(), {"success": False}, "failed"),
        (message(), {"aborted": True, "bounce_phase": "TrPhaseBounceNofunds"}, "aborted"),
        (message(), {"out_msgs": [message(bounced=True, destination={"address": PAYER.raw})]}, "returned"),
        (message(), {"transaction_type": "TransTickTock"}, "not_ordinary"),
    ],
)
def test_only_a_transfer_that_stayed_is_money(in_msg: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    seen = transfer(in_msg, **changes)
    assert (seen.verdict, seen.is_money) == (verdict, verdict == "money")
    assert seen.nano == in_msg["value"]


def test_a_transaction_without_a_message_is_kept_as_nothing() -> None:
    seen = transfer_of(
        Transaction.model_validate(
            {"hash": "0" * 64, "lt": 1, "utime": 1, "success": True, "aborted": False, "transaction_type": "TransTock"}
        ),
        OURS,
    )
    assert (seen.verdict, seen.is_money, seen.nano, seen.source) == ("no_message", False, 0, None)


def test_the_hash_is_kept_in_lower_case_and_the_time_in_utc() -> None:
    seen = transfer()
    assert seen.hash == "ab" * 32
    assert str(seen.at) == "2023-11-14 22:13:20+00:00"


@pytest.mark.parametrize("text", ["ABCDEFGHJK", "не спам", "я" * 200, "x" * MOST_COMMENT_BYTES, "🚀 поехали"])
def test_an_undecoded_comment_is_read_from_cells_and_from_bare_bytes(text: str) -> None:
    body = bytes(4) + text.encode()
    assert comment(raw_body=snake(body)) == text
    assert comment(raw_body=body.hex()) == text


def test_the_operation_may_stand_in_a_cell_of_its_own() -> None:
    assert comment(raw_body=bag(bytes(4), b"ABC", b"DEF")) == "ABCDEF"


def test_a_decoded_comment_comes_before_the_raw_body() -> None:
    decoded = {"decoded_op_name": "text_comment", "decoded_body": {"text": "decoded"}}
    assert comment(raw_body=snake(bytes(4) + b"raw"), **decoded) == "decoded"


@pytest.mark.parametrize("body", [None, {}, [], "text", {"text": 7}, {"text": None}])
def test_a_decoding_of_another_shape_falls_back_to_the_raw_body(body: object) -> None:
    raw = snake(bytes(4) + b"raw")
    assert comment(raw_body=raw, decoded_op_name="text_comment", decoded_body=body) == "raw"


def test_text_inside_another_operation_is_no_comment() -> None:
    forged = {"forward_payload": {"value": {"text": "ABCDEFGHJK"}}, "text": "ABCDEFGHJK"}
    raw = snake(bytes.fromhex("7362d09c") + bytes(60) + b"ABCDEFGHJK")
    assert comment(raw_body=raw, decoded_op_name="jetton_notify", decoded_body=forged) is None


def test_an_encrypted_comment_is_none() -> None:
    assert comment(raw_body=snake(bytes.fromhex("2167da4b") + b"ABCDEFGHJK")) is None


@pytest.mark.parametrize("raw", [None, "", "00", "zz", "00000000", "b5ee9c72", "b5ee9c7201", "ффff"])
def test_a_body_without_text_has_no_comment(raw: str | None) -> None:
    assert comment(raw_body=raw) is None


def test_a_comment_can_be_stored_whatever_it_holds() -> None:
    decoded = {"decoded_op_name": "text_comment", "decoded_body": {"text": "a\x00b\ud800c"}}
    assert comment(**decoded) == "ab?c"
    assert comment(raw_body=snake(bytes(4) + b"a\x00\xffb")) == "a\ufffdb"


def test_an_endless_comment_is_cut() -> None:
    seen = comment(decoded_op_name="text_comment", decoded_body={"text": "x" * 10**6})
    assert seen == "x" * MOST_COMMENT_BYTES


def test_a_bag_whose_cells_refer_back_is_refused() -> None:
    loop = bytes([1, 2]) + b"a" + bytes([0])
    packed = bytes.fromhex("b5ee9c72") + bytes([1, 1, 1, 1, 0, len(loop), 0]) + loop
    with pytest.raises(ValueError):
        snake_bytes(packed, 100)


@pytest.mark.parametrize(
    ("place", "value"),
    [(4, 0x00), (4, 0x05), (5, 0), (5, 9), (6, 0), (7, 2), (8, 1), (10, 1), (11, 0x08), (11, 0x10), (11, 5), (12, 3)],
)
def test_a_bag_of_another_shape_is_refused(place: int, value: int) -> None:
    packed = bytearray(bytes.fromhex("b5ee9c72") + bytes([1, 1, 1, 1, 0, 4, 0]) + bytes([0, 4]) + b"ab")
    assert snake_bytes(bytes(packed), 100) == b"ab"
    packed[place] = value
    with pytest.raises(ValueError):
        snake_bytes(bytes(packed), 100)


@given(st.binary(max_size=300))
def test_hostile_bytes_give_a_value_error_or_bytes(noise: bytes) -> None:
    with suppress(ValueError):
        assert len(snake_bytes(bytes.fromhex("b5ee9c72") + noise, 64)) <= 64


@given(st.text(alphabet="0123456789abcdef", max_size=200))
def test_any_raw_body_is_read_without_an_error(digits: str) -> None:
    seen = comment(raw_body=digits)
    assert seen is None or len(seen) <= MOST_COMMENT_BYTES
