"""Addresses against vectors of the network's own libraries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.domain.ton import TonAddress

VECTORS: list[dict[str, str]] = json.loads(Path(__file__).with_name("ton-address-vectors.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["raw"][:8])
def test_every_spelling_of_an_account_is_the_same_account(vector: dict[str, str]) -> None:
    addresses = [TonAddress.parse(spelling) for spelling in vector.values()]
    assert len(set(addresses)) == 1
    assert {address.raw for address in addresses} == {vector["raw"]}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["raw"][:8])
def test_a_spelling_tells_its_flags_and_is_written_back_the_same(vector: dict[str, str]) -> None:
    for name in ("bounceable", "non_bounceable", "test_bounceable", "test_non_bounceable"):
        for spelling in (vector[name], vector[f"{name}_std"]):
            address = TonAddress.parse(spelling)
            assert address.test_only == name.startswith("test_")
            assert address.bounceable == (not name.endswith("non_bounceable"))
            assert address.friendly(bounceable=address.bounceable) == vector[name]


def test_the_raw_form_is_read_in_any_case_and_written_in_lower_case() -> None:
    raw = VECTORS[0]["raw"]
    assert TonAddress.parse(raw.upper()).raw == raw
    assert TonAddress.parse(f" {raw}\n").friendly() == VECTORS[0]["non_bounceable"]


def test_any_single_changed_character_is_noticed() -> None:
    spelling = VECTORS[0]["non_bounceable"]
    for place in range(len(spelling)):
        changed = spelling[:place] + ("A" if spelling[place] != "A" else "B") + spelling[place + 1 :]
        with pytest.raises(ValueError):
            TonAddress.parse(changed)


@pytest.mark.parametrize(
    "text",
    ["", "0:", "0:zz", "1:" + "0" * 64, "0:" + "0" * 63, "0:" + "٠" * 64, "UQ" + "A" * 46, "a" * 49, "é" * 48, "a.ton"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        TonAddress.parse(text)
