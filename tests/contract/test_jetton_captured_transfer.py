"""An internal transfer as it was sent on the real chain, read bit by bit."""

from __future__ import annotations

from app.domain.ton import TonAddress
from app.payments.gateway.cells import Slice
from app.payments.gateway.ton_jetton import INTERNAL_TRANSFER

CAPTURED = (
    "b5ee9c720101020100aa0001af178d45190000005209ddeb9e440ee9390801e6ef228644c75beba08c8b8e2adf62f1e760e84861b5c33027"
    "f0433e19085713003cdde450c898eb7d74119171c55bec5e3cec1d090c36b86604fe0867c3210ae2501dcd65030100992593856180022a16"
    "a3164c4d5aa3133f3110ff10496e00ca8ac8abeffc5027e024d33480c3ea916f9f4a23003cdde450c898eb7d74119171c55bec5e3cec1d09"
    "0c36b86604fe0867c3210ae250"
)
SENDER = TonAddress.parse("UQDzd5FDImOt9dBGRccVb7F487B0JDDa4ZgT-CGfDIQriSB-")


def test_a_captured_internal_transfer_says_what_its_sender_sent() -> None:
    body = Slice.of(bytes.fromhex(CAPTURED))
    assert (body.number(32), body.number(64)) == (INTERNAL_TRANSFER, 352_352_856_990)
    assert (body.coins(), body.address(), body.address()) == (1_089_377_168, SENDER, SENDER)
    assert body.coins() == 125_000_000
