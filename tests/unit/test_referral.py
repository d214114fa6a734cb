"""Payloads of referral links, ours and forged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.referral import inviter_in, payload_for

BIGGEST_ID = 2**63 - 1


@given(st.integers(1, BIGGEST_ID))
def test_a_link_names_who_made_it_and_fits_telegrams_64_characters(tg_id: int) -> None:
    payload = payload_for(tg_id)
    assert inviter_in(payload) == tg_id
    assert len(payload) <= 64


def test_links_of_the_old_form_still_count() -> None:
    assert inviter_in("ref7") == 7


@pytest.mark.parametrize(
    "payload",
    [
        "", "ref_", "ref", "7", "_7", "REF_7", "ref__7", "ref_-7", "ref_+7", "ref_0", "ref_07", "ref_7 ", " ref_7",
        "ref_7\n", "ref_7x", "ref_1e3", "ref_1_000", "ref_７", "ref_٧", f"ref_{BIGGEST_ID + 1}", "ref_" + "9" * 5000,
    ],
)  # fmt: skip
def test_a_payload_that_is_not_ours_names_nobody(payload: str) -> None:
    assert inviter_in(payload) is None


@given(st.text())
def test_any_payload_names_an_id_that_the_database_can_hold_or_nobody(payload: str) -> None:
    inviter = inviter_in(payload)
    assert inviter is None or 0 < inviter <= BIGGEST_ID
