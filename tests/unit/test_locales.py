"""Both languages say the same things, every word is used, and numbers, dates and sums read as people write them."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import words_for
from app.domain import errors
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.domain.promo import Refusal
from app.failpoints import POINTS
from app.locales import en, ru
from app.locales.locales import GIB, MIB, TRANSLATORS, Markup, language_of, translator
from config import ROOT, Settings
from tests.support.source_tree import sources

RU, EN = TRANSLATORS["ru"], TRANSLATORS["en"]
CODE = [source for source in sources("app") if source.path not in {"app/locales/ru.py", "app/locales/en.py"}]
KEY = re.compile(r"[a-z]+\.[a-z0-9_]+")
NAMESPACES = {key.partition(".")[0] for key in ru.TEXTS}
# Keys that are put together: the method of a payment, the plans on sale.
COMPOSED = {f"method.{method}" for method in PaymentMethod} | {
    f"plan.{name.removesuffix('_price')}" for name in Settings.model_fields if name.startswith("sub_")
}
EXAMPLES = {
    errors.NotFound: errors.NotFound(),
    errors.Banned: errors.Banned(),
    errors.InsufficientBalance: errors.InsufficientBalance(need=Money.rub(349), have=Money.rub("51.50")),
    errors.PlanChanged: errors.PlanChanged("sub_1m"),
    errors.OfferChanged: errors.OfferChanged("sub_1m"),
    errors.PromoRefused: errors.PromoRefused(Refusal.NOT_YET, datetime(2026, 11, 30, 12, tzinfo=UTC)),
    errors.NoSubscription: errors.NoSubscription(),
    errors.TooManyConfigs: errors.TooManyConfigs(2),
    errors.InvalidAmount: errors.InvalidAmount(Money.rub(50), Money.rub(100_000)),
    errors.TooManyPayments: errors.TooManyPayments(),
    errors.MethodUnavailable: errors.MethodUnavailable(),
    errors.StorageUnavailable: errors.StorageUnavailable(),
    errors.MalformedAction: errors.MalformedAction(),
}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def texts_in_code() -> set[str]:
    return {text for source in CODE for text in source.texts()}


@pytest.mark.parametrize("key", sorted(ru.TEXTS.keys() | en.TEXTS.keys()))
def test_a_text_stands_in_both_languages_with_the_same_values(key: str) -> None:
    assert placeholders(ru.TEXTS[key]) == placeholders(en.TEXTS[key])
    assert ru.TEXTS[key].strip()
    assert en.TEXTS[key].strip()


@pytest.mark.parametrize("key", sorted(ru.TEXTS))
def test_a_text_uses_the_same_tags_in_both_languages_and_closes_them(key: str) -> None:
    tags = [sorted(re.findall(r"</?[a-z]+>", texts[key])) for texts in (ru.TEXTS, en.TEXTS)]
    assert tags[0] == tags[1]
    assert len([tag for tag in tags[0] if tag.startswith("</")]) * 2 == len(tags[0])


def test_every_key_in_the_code_has_its_words() -> None:
    keys = {text for text in texts_in_code() if KEY.fullmatch(text) and text.partition(".")[0] in NAMESPACES}
    assert keys - ru.TEXTS.keys() - POINTS - {"app.core", "app.locales"} == set()
    assert len(keys) > 50


def test_every_word_is_used() -> None:
    assert ru.TEXTS.keys() - texts_in_code() - COMPOSED == set()


def test_every_name_that_is_put_together_has_its_words() -> None:
    assert ru.TEXTS.keys() >= COMPOSED


def test_who_says_a_text_gives_the_values_that_it_needs() -> None:
    wrong = []
    for source in CODE:
        for name, call in source.calls():
            key = call.args[0] if call.args else None
            if name not in {"t", "plain"} or not isinstance(key, ast.Constant) or key.value not in ru.TEXTS:
                continue
            given_values = {keyword.arg for keyword in call.keywords}
            if given_values != placeholders(ru.TEXTS[key.value]):
                wrong.append((source.at(call), key.value))
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATORS)
@pytest.mark.parametrize("refusal", EXAMPLES.values(), ids=lambda refusal: type(refusal).__name__)
def test_every_refusal_has_words_in_every_language(refusal: errors.OrbitError, language: str) -> None:
    words = words_for(refusal, translator(language))
    assert words
    assert not placeholders(words)


@pytest.mark.parametrize("language", TRANSLATORS)
def test_every_refusal_of_a_code_has_words_of_its_own(language: str) -> None:
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    words = {words_for(errors.PromoRefused(refusal, at), translator(language)) for refusal in Refusal}
    assert len(words) == len(Refusal)
    assert sum("12:00 UTC" in each for each in words) == 1


def test_no_refusal_is_forgotten_here() -> None:
    assert set(EXAMPLES) == set(errors.OrbitError.__subclasses__())


def test_plurals_and_months_are_there_in_both_languages() -> None:
    assert ru.PLURALS.keys() == en.PLURALS.keys()
    assert all(len(forms) == 3 for texts in (ru, en) for forms in texts.PLURALS.values())
    assert len(set(ru.MONTHS)) == len(set(en.MONTHS)) == 12


@pytest.mark.parametrize(
    ("number", "russian", "english"),
    [
        (0, "0 дней", "0 days"),
        (1, "1 день", "1 day"),
        (2, "2 дня", "2 days"),
        (4, "4 дня", "4 days"),
        (5, "5 дней", "5 days"),
        (11, "11 дней", "11 days"),
        (12, "12 дней", "12 days"),
        (21, "21 день", "21 days"),
        (22, "22 дня", "22 days"),
        (101, "101 день", "101 days"),
        (111, "111 дней", "111 days"),
        (112, "112 дней", "112 days"),
        (365, "365 дней", "365 days"),
    ],
)
def test_a_number_has_its_noun_in_the_right_form(number: int, russian: str, english: str) -> None:
    assert RU.count("day", number) == russian
    assert EN.count("day", number) == english


@pytest.mark.parametrize(
    ("at", "russian", "english"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "30 ноября 2026", "30 November 2026"),
        (datetime(2027, 1, 1, tzinfo=UTC), "1 января 2027", "1 January 2027"),
        (datetime(2028, 2, 29, tzinfo=UTC), "29 февраля 2028", "29 February 2028"),
    ],
)
def test_a_day_is_written_as_people_write_it(at: datetime, russian: str, english: str) -> None:
    assert (RU.date(at), EN.date(at)) == (russian, english)


@pytest.mark.parametrize(
    ("rubles", "shown"),
    [
        ("0", "0_₽"),
        ("0.01", "0.01_₽"),
        ("51.50", "51.50_₽"),
        ("349", "349_₽"),
        ("1349", "1_349_₽"),
        ("100000", "100_000_₽"),
        ("1234567.89", "1_234_567.89_₽"),
        ("-1349", "-1_349_₽"),
        ("-0.50", "-0.50_₽"),
    ],
)
def test_a_sum_is_grouped_and_never_broken_over_lines(rubles: str, shown: str) -> None:
    assert RU.money(Money.rub(rubles)) == EN.money(Money.rub(rubles)) == shown.replace("_", "\u00a0")


@given(st.integers(-(10**14), 10**14).map(Money))
def test_a_sum_that_is_shown_is_the_sum_to_the_kopeck(amount: Money) -> None:
    shown = RU.money(amount).replace("\u00a0", "").removesuffix("₽")
    assert Money.rub(shown) == amount


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        (0, "0 МБ", "0 MB"),
        (MIB // 10, "0 МБ", "0 MB"),
        (MIB * 3 // 2, "1.5 МБ", "1.5 MB"),
        (GIB - 1, "1023.9 МБ", "1023.9 MB"),
        (GIB, "1 ГБ", "1 GB"),
        (GIB * 105 // 10, "10.5 ГБ", "10.5 GB"),
    ],
)
def test_traffic_stands_in_a_unit_that_is_easily_read(amount: int, russian: str, english: str) -> None:
    assert RU.traffic(amount) == russian.replace(" ", "\u00a0")
    assert EN.traffic(amount) == english.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("ru", "ru"),
        ("RU-ru", "ru"),
        ("en", "en"),
        ("en-US", "en"),
        ("de", "ru"),
        ("", "ru"),
        (None, "ru"),
    ],
)
def test_a_client_speaks_russian_unless_it_speaks_english(code: str | None, language: str) -> None:
    assert language_of(code) == language
    assert translator(language_of(code)).language == language


def test_a_language_that_is_unknown_is_answered_in_russian() -> None:
    assert translator(None) is translator("xx") is RU


def test_a_name_can_not_break_out_of_a_message() -> None:
    said = RU("vpn.card", name="</b><a href='https://evil'>{0.__class__} & {name}")
    assert said == "🔑 &lt;/b&gt;&lt;a href='https://evil'&gt;{0.__class__} &amp; {name}"


def test_what_is_markup_already_is_left_as_it_is_and_what_is_plain_is_not_escaped() -> None:
    assert RU("vpn.card", name=Markup("<b>x</b>")) == "🔑 <b>x</b>"
    assert RU.plain("vpn.card", name="a & b") == "🔑 a & b"


@given(st.text())
def test_any_name_is_said_without_an_error_and_without_a_tag_of_its_own(name: str) -> None:
    assert "<" not in RU("vpn.card", name=name)


def test_the_plans_of_the_file_have_names() -> None:
    keys = re.findall(r'"key": "(\w+)"', (ROOT / "plans.json").read_text("utf-8"))
    assert {f"plan.{key}" for key in keys} <= ru.TEXTS.keys()
