"""Both languages say the same things, every word is used, and numbers, dates and sums read as people write them."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import words_for
from app.core.introduction import COMMANDS
from app.domain import errors
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.domain.promo import Refusal
from app.failpoints import POINTS
from app.locales.locales import GIB, MIB, TRANSLATORS, Markup, language_of, translator
from config import ROOT, Settings
from tests.support.source_tree import sources
from tests.support.words import texts_of

RU, EN = TRANSLATORS["ru"], TRANSLATORS["en"]
CODE = [*sources("app")]
TEXTS = {language: texts_of(language) for language in TRANSLATORS}
KEYS = TEXTS["ru"].keys()
KEY = re.compile(r"[a-z]+\.[a-z0-9_]+")
NAMESPACES = {key.partition(".")[0] for key in KEYS}
# Keys that are put together: the method of a payment, the plans on sale.
COMPOSED = {f"method.{method}" for method in PaymentMethod} | {
    f"plan.{name.removesuffix('_price')}" for name in Settings.model_fields if name.startswith("sub_")
} | {f"command.{name}" for name in COMMANDS}
NOUNS = {key for key in KEYS if key.startswith("count.")}
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
    errors.TooManyMessages: errors.TooManyMessages(),
    errors.MethodUnavailable: errors.MethodUnavailable(),
    errors.StorageUnavailable: errors.StorageUnavailable(),
    errors.MalformedAction: errors.MalformedAction(),
    errors.InvalidName: errors.InvalidName(32),
    errors.LocationGone: errors.LocationGone(),
    errors.ConfigOnTheMove: errors.ConfigOnTheMove(),
}


def texts_in_code() -> set[str]:
    return {text for source in CODE for text in source.texts()}


@pytest.mark.parametrize("language", TRANSLATORS)
def test_a_language_has_every_text_with_the_same_values_and_the_same_tags_all_closed(language: str) -> None:
    texts = TEXTS[language]
    assert texts.keys() == KEYS
    assert all(map(translator(language).knows, KEYS))
    for key, text in texts.items():
        assert text.values == TEXTS["ru"][key].values, key
        assert text.tags == TEXTS["ru"][key].tags, key
        assert len([tag for tag in text.tags if tag.startswith("</")]) * 2 == len(text.tags), key


@pytest.mark.parametrize("language", TRANSLATORS)
def test_a_noun_has_a_form_for_each_way_in_which_the_language_counts(language: str) -> None:
    ways = Locale.parse(language).plural_form.tags | {"other"}
    for noun in NOUNS:
        forms = TEXTS[language][noun].cases
        # A number that is whole is never "other" in Russian: its "many" stands for it.
        assert forms in (ways, ways - {"other"}), noun


def test_every_key_in_the_code_has_its_words() -> None:
    keys = {text for text in texts_in_code() if KEY.fullmatch(text) and text.partition(".")[0] in NAMESPACES}
    assert keys - KEYS - POINTS - {"app.core", "app.locales"} == set()
    assert len(keys) > 50


def test_every_noun_is_counted() -> None:
    counted = {
        f"count.{call.args[0].value!s}"
        for source in CODE
        for name, call in source.calls()
        if name == "count" and call.args and isinstance(call.args[0], ast.Constant)
    }
    assert counted == NOUNS


def test_every_word_is_used() -> None:
    assert KEYS - texts_in_code() - COMPOSED - NOUNS == set()


def test_every_name_that_is_put_together_has_its_words() -> None:
    assert KEYS >= COMPOSED


def test_who_says_a_text_gives_the_values_that_it_needs() -> None:
    wrong = []
    for source in CODE:
        for name, call in source.calls():
            key = call.args[0] if call.args else None
            if name not in {"t", "plain"} or not isinstance(key, ast.Constant) or key.value not in KEYS:
                continue
            given_values = {keyword.arg for keyword in call.keywords}
            if given_values != set(TEXTS["ru"][key.value].values):
                wrong.append((source.at(call), key.value))
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATORS)
@pytest.mark.parametrize("refusal", EXAMPLES.values(), ids=lambda refusal: type(refusal).__name__)
def test_every_refusal_has_words_in_every_language(refusal: errors.OrbitError, language: str) -> None:
    words = words_for(refusal, translator(language))
    assert words
    assert "{" not in words


@pytest.mark.parametrize("language", TRANSLATORS)
def test_every_refusal_of_a_code_has_words_of_its_own(language: str) -> None:
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    words = {words_for(errors.PromoRefused(refusal, at), translator(language)) for refusal in Refusal}
    assert len(words) == len(Refusal)
    assert sum(("15:00 МСК" if language == "ru" else "12:00 UTC") in each for each in words) == 1


def test_no_refusal_is_forgotten_here() -> None:
    assert set(EXAMPLES) == set(errors.OrbitError.__subclasses__())


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
        (datetime(2026, 11, 30, 20, 59, 59, tzinfo=UTC), "30 ноября 2026", "30 November 2026"),
        (datetime(2026, 11, 30, 21, tzinfo=UTC), "1 декабря 2026", "30 November 2026"),
        (datetime(2027, 1, 1, tzinfo=UTC), "1 января 2027", "1 January 2027"),
        (datetime(2028, 2, 29, tzinfo=UTC), "29 февраля 2028", "29 February 2028"),
    ],
)
def test_a_day_is_written_as_people_write_it(at: datetime, russian: str, english: str) -> None:
    assert (RU.date(at), EN.date(at)) == (russian, english)


def test_a_moment_is_told_by_the_clock_of_who_reads_it() -> None:
    at = datetime(2026, 11, 30, 21, 5, 59, tzinfo=UTC)
    assert (RU.moment(at), EN.moment(at)) == ("1 декабря 2026, 00:05 МСК", "30 November 2026, 21:05 UTC")
    assert (RU.time(at), EN.time(at)) == ("00:05 МСК", "21:05 UTC")


@pytest.mark.parametrize(
    ("rubles", "russian", "english"),
    [
        ("0", "0_₽", "0_₽"),
        ("0.01", "0,01_₽", "0.01_₽"),
        ("51.50", "51,50_₽", "51.50_₽"),
        ("349", "349_₽", "349_₽"),
        ("1349", "1_349_₽", "1,349_₽"),
        ("100000", "100_000_₽", "100,000_₽"),
        ("1234567.89", "1_234_567,89_₽", "1,234,567.89_₽"),
        ("-1349", "-1_349_₽", "-1,349_₽"),
        ("-0.50", "-0,50_₽", "-0.50_₽"),
    ],
)
def test_a_sum_is_written_as_the_language_does_and_never_broken_over_lines(
    rubles: str, russian: str, english: str
) -> None:
    amount = Money.rub(rubles)
    assert (RU.money(amount), EN.money(amount)) == (russian.replace("_", "\u00a0"), english.replace("_", "\u00a0"))


@given(st.integers(-(10**14), 10**14).map(Money))
def test_a_sum_that_is_shown_is_the_sum_to_the_kopeck(amount: Money) -> None:
    shown = RU.money(amount).replace("\u00a0", "").replace(",", ".").removesuffix("₽")
    assert Money.rub(shown) == amount


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        (0, "0 МБ", "0 MB"),
        (MIB // 10, "0 МБ", "0 MB"),
        (MIB * 3 // 2, "1,5 МБ", "1.5 MB"),
        (GIB - 1, "1023,9 МБ", "1023.9 MB"),
        (GIB, "1 ГБ", "1 GB"),
        (GIB * 105 // 10, "10,5 ГБ", "10.5 GB"),
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


def test_a_name_can_not_turn_the_direction_of_what_follows() -> None:
    assert RU("vpn.card", name="a\u202eb\u2066c") == "🔑 abc"
    assert RU("vpn.card", name="שלום") == "🔑 \u2068שלום\u2069"


def test_a_text_can_not_be_said_without_its_values_or_under_a_key_that_is_not_there() -> None:
    for say in (RU, RU.plain):
        for key in ("vpn.card", "vpn.nothing"):
            with pytest.raises(KeyError):
                say(key)


def test_the_plans_of_the_file_have_names() -> None:
    keys = re.findall(r'"key": "(\w+)"', (ROOT / "plans.json").read_text("utf-8"))
    assert {f"plan.{key}" for key in keys} <= KEYS
