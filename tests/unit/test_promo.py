"""Codes in their one form, the edges of their terms, and prices with a discount."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import Money
from app.domain.plans import Plan
from app.domain.promo import (
    ALPHABET,
    GIFT_LENGTH,
    HOLD,
    PROMO_LENGTH,
    Discount,
    Offer,
    Refusal,
    Standing,
    Terms,
    code_in,
    discounted,
    holds_until,
    new_code,
    normal_form,
    refusal,
    use_in,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MONTH = Plan("sub_1m", 30, Money.rub(129), 2)
FRESH = Standing(used=0, used_by_person=0, has_bought=False, is_stopped=False)
PRICES = st.integers(1, 10**12).map(Money)
PERCENTS = st.integers(1, 99)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("SUMMER20", "SUMMER20"),
        (" summer20\n", "SUMMER20"),
        ("sum mer-20", "SUMMER20"),
        ("sum_mer\u00a0\u2013\u200b20\ufeff", "SUMMER20"),
        ("АВСЕХ", "ABCEX"),
        ("аКция".replace("ция", "МОТ"), "AKMOT"),
        ("ｓａｌｅ１５", "SALE15"),
        ("abc", "ABC"),
        ("a" * 32, "A" * 32),
        ("ab", None),
        ("a" * 33, None),
        ("лето20", None),
        ("a:b:c", None),
        ("abc'; DROP TABLE", None),
        ("", None),
        ("   ", None),
        ("x" * 10_000, None),
        ("٣٣٣", None),
    ],
)
def test_a_code_has_one_form_however_it_is_typed(typed: str, code: str | None) -> None:
    assert normal_form(typed) == code


@given(st.text(max_size=200))
def test_the_normal_form_of_anything_is_a_code_that_is_its_own_normal_form(typed: str) -> None:
    code = normal_form(typed)
    assert code is None or normal_form(code) == normal_form(code.lower()) == code


def test_made_codes_have_sixty_bits_and_nothing_that_is_mistaken_for_something_else() -> None:
    assert len(ALPHABET) ** PROMO_LENGTH > 2**60
    assert len(ALPHABET) ** GIFT_LENGTH > 2**60
    assert not set(ALPHABET) & set("0O1IL")
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(normal_form(code) == code and len(code) == PROMO_LENGTH for code in codes)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("promo_SUMMER20", "SUMMER20"),
        ("gift_ABC", "ABC"),
        ("promo_", None),
        ("promo_ab", None),
        ("promoSUMMER", None),
        ("xpromo_SUMMER", None),
        ("ref_7", None),
        ("promo_a b c", None),
        ("promo_скидка", None),
        ("", None),
    ],
)
def test_a_deep_link_names_its_code(payload: str, code: str | None) -> None:
    assert code_in(payload) == code


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-1, Refusal.NOT_YET), (0, None), (59, None), (60, Refusal.ENDED), (61, Refusal.ENDED)]
)
def test_a_code_is_valid_from_its_first_moment_until_before_its_last(seconds: int, expected: Refusal | None) -> None:
    terms = Terms(valid_from=NOW, valid_until=NOW + 60 * SECOND)
    assert refusal(terms, FRESH, NOW + seconds * SECOND) is expected


@pytest.mark.parametrize(
    ("terms", "standing", "expected"),
    [
        (Terms(), FRESH, None),
        (Terms(), Standing(5, 0, has_bought=True, is_stopped=False), None),
        (Terms(), Standing(0, 0, has_bought=False, is_stopped=True), Refusal.ENDED),
        (Terms(), Standing(1, 1, has_bought=False, is_stopped=False), Refusal.USED_BY_YOU),
        (Terms(per_person=2), Standing(1, 1, has_bought=False, is_stopped=False), None),
        (Terms(most_uses=5), Standing(4, 0, has_bought=False, is_stopped=False), None),
        (Terms(most_uses=5), Standing(5, 0, has_bought=False, is_stopped=False), Refusal.USED_UP),
        (Terms(most_uses=5), Standing(5, 1, has_bought=False, is_stopped=False), Refusal.USED_BY_YOU),
        (Terms(first_purchase=True), Standing(0, 0, has_bought=True, is_stopped=False), Refusal.FIRST_ONLY),
        (Terms(first_purchase=True), FRESH, None),
    ],
)
def test_each_limit_has_its_own_refusal(terms: Terms, standing: Standing, expected: Refusal | None) -> None:
    assert refusal(terms, standing, NOW) is expected


def test_a_discount_waits_its_time_but_never_beyond_its_codes_end() -> None:
    assert holds_until(Terms(), NOW) == NOW + HOLD
    assert holds_until(Terms(valid_until=NOW + SECOND), NOW) == NOW + SECOND
    assert holds_until(Terms(valid_until=NOW + 2 * HOLD), NOW) == NOW + HOLD


@given(PRICES, PERCENTS)
def test_a_discounted_price_is_positive_exact_and_never_below_the_promised_percent(price: Money, percent: int) -> None:
    left = discounted(price, percent)
    assert 1 <= left.kopecks <= price.kopecks
    exact = price.kopecks * (100 - percent)
    assert exact <= left.kopecks * 100 < exact + 100


@given(PRICES, PERCENTS)
def test_the_database_would_count_the_same_discount(price: Money, percent: int) -> None:
    with localcontext() as context:
        context.prec, context.rounding = 50, ROUND_HALF_EVEN
        off = Decimal(price.kopecks * percent // 100).scaleb(-2)
        assert (price - discounted(price, percent)).decimal == off


@given(PRICES, PRICES, PERCENTS)
def test_what_costs_more_costs_no_less_with_a_discount(one: Money, other: Money, percent: int) -> None:
    cheap, dear = sorted((one, other))
    assert discounted(cheap, percent) <= discounted(dear, percent)


def test_an_offer_shows_a_discount_only_while_it_holds_and_its_version_names_it() -> None:
    discount = Discount(17, 20, NOW)
    before, at = Offer.to(MONTH, discount, NOW - SECOND), Offer.to(MONTH, discount, NOW)
    assert (before.price, at.price) == (Money.rub("103.20"), Money.rub(129))
    assert use_in(before.version) == (MONTH.version, 17)
    assert use_in(at.version) == use_in(MONTH.version) == (MONTH.version, 0)


@pytest.mark.parametrize(
    "version", ["abcd-", "abcd-0", "abcd--1", "abcd-1.5", "abcd-1-2", "abcd-x", "abcd-٣", "a-" + "9" * 19]
)
def test_a_forged_version_is_none(version: str) -> None:
    assert use_in(version) is None
