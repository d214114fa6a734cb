"""The settings: every problem told at once, no value ever repeated, groups whole or absent, plans checked alike."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import NotFound
from app.domain.money import Money
from config import WHOLE_GROUPS, Settings, SettingsError, load_settings

TOKEN = "123456:canary-secret-of-the-bot"
PLANS = [{"key": "sub_1m", "days": 30, "price": 129, "max_configs": 2}]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ENV_FILE", "")


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    return monkeypatch


def problems() -> list[str]:
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None
    return str(refusal.value).splitlines()


def plans_file(tmp_path: Path, content: object) -> str:
    path = tmp_path / "plans.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_a_token_is_all_that_is_needed(env: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.bot_token.get_secret_value() == TOKEN
    assert settings.bot_id == 123456
    assert settings.ton_address is None


def test_the_constants_have_the_values_that_were_promised(env: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert (settings.free_trial_days, settings.redis_ttl, settings.payment_timeout_minutes) == (7, 300, 10)
    assert settings.referral_bonus == Decimal("50.0")
    assert settings.telegram_stars_rate == Decimal("1.35")
    assert settings.ton_rub_rate == Decimal(220)
    assert (settings.is_logging, settings.log_level, settings.log_aiogram) == (True, "DEBUG", False)
    assert (settings.max_ips_per_config, settings.cryptobot_testnet) == (2, False)


def test_every_problem_is_told_at_once(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env.delenv("BOT_TOKEN")
    env.setenv("LOG_LEVEL", "LOUD")
    env.setenv("ADMIN_IDS", "7, me")
    env.setenv("WEBHOOK_URL", "example.com")
    env.setenv("SUB_1M_PRICE", "-1")
    env.setenv("DATABASE_HOST", "db.example.com")
    env.setenv("TONAPI_KEY", "key")
    env.setenv("PLANS_FILE", plans_file(tmp_path, {"plans": []}))
    told = problems()
    for name in (
        "BOT_TOKEN is missing", "LOG_LEVEL", "ADMIN_IDS.1", "WEBHOOK_URL", "SUB_1M_PRICE",
        "DATABASE_USER is missing", "DATABASE_PASSWORD is missing", "DATABASE_NAME is missing",
        "TON_ADDRESS is missing", "plans.json",
    ):  # fmt: skip
        assert sum(line.startswith(name) for line in told) == 1, (name, told)
    assert len(told) == 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_TOKEN", "canary-without-a-colon"),
        ("WEB_PORT", "canary"),
        ("ADMIN_IDS", "canary"),
        ("TONAPI_URL", "canary"),
        ("LOG_LEVEL", "canary"),
        ("FREE_TRIAL_DAYS", "canary"),
        ("TON_RUB_RATE", "canary"),
        ("SUPPORT_USERNAME", "https://canary"),
        ("IS_LOGGING", "canary"),
    ],
)
def test_a_wrong_value_is_named_and_never_repeated(env: pytest.MonkeyPatch, name: str, value: str) -> None:
    env.setenv(name, value)
    told = problems()
    assert [line.partition(":")[0].partition(".")[0] for line in told] == [name]
    assert "canary" not in "".join(told).casefold()


def test_failpoints_are_refused_where_anybody_real_may_be_served(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env.setenv("ORBIT_FAILPOINTS", "ton.settled=kill")
    env.setenv("TELEGRAM_API_URL", "http://127.0.0.1:8081")  # as an operator's own Bot API server may be
    assert [line.partition(" ")[0] for line in problems()] == ["ORBIT_FAILPOINTS"]
    env.setenv("CLOCK_OFFSET_FILE", str(tmp_path / "clock"))
    assert load_settings().is_sandbox
    env.delenv("TELEGRAM_API_URL")
    assert [line.partition(" ")[0] for line in problems()] == ["ORBIT_FAILPOINTS"]


@pytest.mark.parametrize("group", WHOLE_GROUPS)
def test_half_a_group_is_refused_with_what_is_missing(env: pytest.MonkeyPatch, group: tuple[str, ...]) -> None:
    present, *absent = group
    env.setenv(present, "100500" if present == "YOOKASSA_SHOP_ID" else "https://canary.example.com")
    told = problems()
    assert told == [f"{name} is missing: it belongs with {present}" for name in absent]


@pytest.mark.parametrize("group", WHOLE_GROUPS)
def test_a_whole_group_is_taken(env: pytest.MonkeyPatch, group: tuple[str, ...]) -> None:
    for name in group:
        env.setenv(name, "100500" if name == "YOOKASSA_SHOP_ID" else "https://canary.example.com")
    load_settings()


@pytest.mark.parametrize(
    "token", ["", "123456", "123456:", ":secret", "12a:secret", "١٢٣:secret", "123456:your_token_here", "123456:Token"]
)
def test_a_token_that_can_be_none_is_refused(env: pytest.MonkeyPatch, token: str) -> None:
    env.setenv("BOT_TOKEN", token)
    assert [line.partition(":")[0].removesuffix(" is missing") for line in problems()] == ["BOT_TOKEN"]


@pytest.mark.parametrize("name", ["SUB_1M_PRICE", "REFERRAL_BONUS", "TELEGRAM_STARS_RATE", "TON_RUB_RATE"])
@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999999999", "-1"])
def test_what_is_no_sum_of_money_is_refused(env: pytest.MonkeyPatch, name: str, value: str) -> None:
    env.setenv(name, value)
    assert [line.partition(":")[0] for line in problems()] == [name]


def test_an_empty_variable_is_as_good_as_none(env: pytest.MonkeyPatch) -> None:
    env.setenv("DATABASE_HOST", "")
    env.setenv("WEB_PORT", "")
    settings = load_settings()
    assert settings.database_host is None
    assert settings.web_port is None


def test_administrators_are_a_list_with_commas(env: pytest.MonkeyPatch) -> None:
    env.setenv("ADMIN_IDS", " 7, 8 ,,")
    assert load_settings().admin_ids == (7, 8)


def test_the_environment_stands_above_the_file(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("LOG_LEVEL=ERROR\nFREE_TRIAL_DAYS=3  # a comment\n")
    env.setenv("ENV_FILE", str(file))
    env.setenv("LOG_LEVEL", "INFO")
    settings = load_settings()
    assert (settings.log_level, settings.free_trial_days) == ("INFO", 3)


def test_the_list_of_secrets_knows_each_of_them(env: pytest.MonkeyPatch) -> None:
    names = ("WEBHOOK_SECRET", "SECRET_KEY", "REDIS_URL", "TONAPI_KEY", "CRYPTOBOT_TOKEN", "YOOKASSA_SECRET_KEY")
    for name in (*names, *WHOLE_GROUPS[0], *WHOLE_GROUPS[1]):
        env.setenv(name, f"https://{name}")
    env.setenv("TON_ADDRESS", "any")
    env.setenv("YOOKASSA_SHOP_ID", "100500")
    settings = load_settings()
    secret = (*names, "DATABASE_PASSWORD", "S001_MARZBAN_PASSWORD")
    assert set(settings.secrets()) == {TOKEN, *(f"https://{name}" for name in secret)}
    assert not any(value in repr(settings) for value in settings.secrets())


def test_prices_of_the_environment_stand_above_those_of_the_file(env: pytest.MonkeyPatch) -> None:
    env.setenv("SUB_3M_PRICE", "299.90")
    catalogue = load_settings().catalogue()
    assert catalogue.get("sub_3m").price == Money.rub("299.90")
    assert [(plan.key, plan.days, str(plan.price)) for plan in catalogue] == [
        ("sub_1m", 30, "129"),
        ("sub_3m", 90, "299.90"),
        ("sub_6m", 180, "529"),
        ("sub_12m", 365, "929"),
    ]


def test_a_plan_of_ones_own_keeps_its_price(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env.setenv("PLANS_FILE", plans_file(tmp_path, {"plans": [{**PLANS[0], "key": "weekend", "price": 19.5}]}))
    catalogue = load_settings().catalogue()
    assert catalogue.get("weekend").price == Money.rub("19.50")
    with pytest.raises(NotFound):
        catalogue.get("sub_1m")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no JSON"),
        ("[]", "PlansFile"),
        ({"plans": PLANS * 2}, "duplicate plan keys: sub_1m"),
        ({"plans": [{**PLANS[0], "days": 0}]}, "PLANS.0.DAYS"),
        ({"plans": [{**PLANS[0], "days": 1.5}]}, "PLANS.0.DAYS"),
        ({"plans": [{**PLANS[0], "price": -129}]}, "PLANS.0.PRICE"),
        ({"plans": [{**PLANS[0], "price": 129.999}]}, "PLANS.0.PRICE"),
        ('{"plans": [{"key": "a", "days": 1, "price": NaN, "max_configs": 1}]}', "PLANS.0.PRICE"),
        ({"plans": [{**PLANS[0], "max_configs": 0}]}, "PLANS.0.MAX_CONFIGS"),
        ({"plans": [{**PLANS[0], "key": "a:b"}]}, "PLANS.0.KEY"),
        ({"plans": [{**PLANS[0], "key": "x" * 17}]}, "PLANS.0.KEY"),
        ({"plans": [{**PLANS[0], "prise": 1}]}, "PLANS.0.PRISE"),
        ({"plans": [{"key": "a"}]}, "PLANS.0.DAYS is missing"),
    ],
)
def test_a_wrong_plan_is_named_by_file_and_place(
    env: pytest.MonkeyPatch, tmp_path: Path, content: object, said: str
) -> None:
    env.setenv("PLANS_FILE", plans_file(tmp_path, content))
    told = problems()
    assert any(line.startswith("plans.json: ") and said in line for line in told), told


def test_plans_that_are_not_there_are_named(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env.setenv("PLANS_FILE", str(tmp_path / "absent.json"))
    assert problems() == ["absent.json: No such file or directory"]
