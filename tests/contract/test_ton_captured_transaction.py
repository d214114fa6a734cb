"""A transaction as the real tonapi answered it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.ton import TonAddress
from app.payments.gateway.ton_message import transfer_of
from app.payments.gateway.tonapi_models import Transactions

CAPTURED = Path(__file__).with_name("tonapi-account-transactions-captured.json")
ACCOUNT = TonAddress.parse("UQDNzlh0XSZdb5_Qrlx5QjyZHVAO74v5oMeVVrtF_5Vt1rIt")


@pytest.fixture
def page() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(CAPTURED.read_text("utf-8"), parse_float=Decimal)
    return answer


def test_the_captured_transfer_is_money_with_its_comment(page: dict[str, Any]) -> None:
    (step,) = Transactions.model_validate(page).transactions
    transfer = transfer_of(step, ACCOUNT)
    assert transfer.is_money
    assert transfer.verdict == "money"
    assert transfer.nano == 1_000_000
    assert transfer.comment == "не спам"
    assert transfer.lt == 51981955000001
    assert transfer.hash == "8667b461388d410999c419f9292de7627bae468b0fc1e4f1c8422207c2981473"
    assert transfer.source == "0:9d03589249cbbcbef09c3b1d96be472222d16c04f6f90aa1e36097c8fd209d3d"
    assert transfer.at == datetime(2024, 12, 18, 9, 46, 6, tzinfo=UTC)


def test_the_comment_is_read_from_the_raw_body_where_tonapi_did_not_decode_it(page: dict[str, Any]) -> None:
    message = page["transactions"][0]["in_msg"]
    del message["decoded_op_name"], message["decoded_body"]
    (step,) = Transactions.model_validate(page).transactions
    assert transfer_of(step, ACCOUNT).comment == "не спам"


def test_upper_case_addresses_name_the_same_accounts(page: dict[str, Any]) -> None:
    destination = page["transactions"][0]["in_msg"]["destination"]
    destination["address"] = destination["address"].upper()
    (step,) = Transactions.model_validate(page).transactions
    assert transfer_of(step, ACCOUNT).is_money


def test_another_wallets_transaction_is_not_ours(page: dict[str, Any]) -> None:
    (step,) = Transactions.model_validate(page).transactions
    transfer = transfer_of(step, TonAddress(0, bytes(32)))
    assert (transfer.is_money, transfer.verdict) == (False, "foreign_destination")
