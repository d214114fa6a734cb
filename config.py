"""Central configuration: every setting, typed and checked in one pass. Opens no connection and logs nothing."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    ModelWrapValidatorHandler,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import failpoints
from app.domain.money import Money
from app.domain.plans import Catalogue, Plan
from app.domain.quiet import QuietHours
from app.domain.scores import LoadRule

ROOT = Path(__file__).resolve().parent

FREE_TRIAL_DAYS = 7
REFERRAL_BONUS = Decimal("50.0")
REDIS_TTL = 300
TELEGRAM_STARS_RATE = Decimal("1.35")
TON_RUB_RATE = Decimal(220)
USD_RUB_RATE = Decimal(80)
USDT_MASTER = "EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs"
PAYMENT_TIMEOUT_MINUTES = 10
IS_LOGGING = True
LOG_LEVEL: Literal["INFO", "DEBUG", "ERROR"] = "DEBUG"
LOG_AIOGRAM = False

PLACEHOLDERS = frozenset({"changeme", "change_me", "your_token_here", "token", "<token>"})

# As large as their columns: a sum in rubles to the kopeck, rubles for a coin or a Star to six places.
Price = Annotated[Decimal, Field(gt=0, decimal_places=2, max_digits=9)]
Rate = Annotated[Decimal, Field(gt=0, decimal_places=6, max_digits=15)]

WHOLE_GROUPS = (
    ("DATABASE_HOST", "DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_NAME"),
    ("S001_BASE_URL", "S001_MARZBAN_USERNAME", "S001_MARZBAN_PASSWORD"),
    ("YOOKASSA_SHOP_ID", "YOOKASSA_SECRET_KEY"),
)


class SettingsError(Exception):
    """The settings can't be used; the text lists everything that is wrong, one line each, without values."""


class PlanEntry(BaseModel):
    """One plan of plans.json; the price is whole or two-place rubles."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,16}$")]
    days: Annotated[int, Field(gt=0, le=3660)]
    price: Price
    max_configs: Annotated[int, Field(gt=0, le=50)]


class PlansFile(BaseModel):
    """plans.json as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plans: Annotated[list[PlanEntry], Field(min_length=1)]

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        keys = [plan.key for plan in self.plans]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"duplicate plan keys: {', '.join(twice)}")
        return self


class Settings(BaseSettings):
    """Every setting of the shop. Names are those of the environment, in lower case."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    bot_token: Annotated[SecretStr, Field(description="from @BotFather")]
    telegram_api_url: HttpUrl = HttpUrl("https://api.telegram.org")
    webhook_url: HttpUrl | None = None
    webhook_secret: SecretStr | None = None
    public_url: HttpUrl | None = None
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    admin_ids: Annotated[tuple[int, ...], NoDecode] = ()

    database_host: str | None = None
    database_port: Annotated[int, Field(gt=0, le=65535)] = 5432
    database_user: str | None = None
    database_password: SecretStr | None = None
    database_name: str | None = None
    database_pool: PositiveInt = 10
    redis_url: SecretStr | None = None
    redis_share_default: bool = True
    data_dir: Path = ROOT / "data"
    secret_key: SecretStr | None = None
    clock_offset_file: Path | None = None

    ton_address: str | None = None
    tonapi_url: HttpUrl = HttpUrl("https://tonapi.io")
    tonapi_key: SecretStr | None = None
    usdt_enabled: bool = True
    usdt_master: str = USDT_MASTER
    rates_url: HttpUrl = HttpUrl("https://api.coingecko.com/api/v3")
    ton_poll_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    stars_enabled: bool = True
    cryptobot_token: SecretStr | None = None
    cryptobot_testnet: bool = False
    cryptobot_api_url: HttpUrl | None = None
    yookassa_shop_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = None
    yookassa_secret_key: SecretStr | None = None
    yookassa_api_url: HttpUrl = HttpUrl("https://api.yookassa.ru")
    yookassa_receipt_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    yookassa_vat_code: Annotated[int, Field(ge=1, le=12)] = 1
    payment_poll_seconds: Annotated[int, Field(ge=1, le=600)] = 30

    s001_base_url: HttpUrl | None = None
    s001_marzban_username: str | None = None
    s001_marzban_password: SecretStr | None = None
    max_ips_per_config: PositiveInt = 2
    devices_require_hwid: bool = False
    devices_forget_days: Annotated[int, Field(ge=1, le=365)] = 30
    address_watch: bool = False
    address_window_seconds: Annotated[int, Field(ge=30, le=3600)] = 120
    address_pause_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    data_limit_gib: Annotated[int, Field(ge=0)] = 0
    panel_timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 10
    panels_allow_private: bool = False
    panel_traffic_weight: Annotated[Decimal, Field(ge=0, le=1000, decimal_places=6)] = Decimal(1)
    panel_traffic_hours: Annotated[int, Field(ge=1, le=168)] = 3
    delivery_alarm_minutes: PositiveInt = 30
    delivery_timeout_hours: PositiveInt = 24
    panel_failover_minutes: Annotated[int, Field(ge=0, le=10_080)] = 0
    panel_leftover_hours: Annotated[int, Field(ge=0, le=720)] = 24
    panel_sweep_minutes: Annotated[int, Field(ge=0, le=10_080)] = 60

    sub_1m_price: Price | None = None
    sub_3m_price: Price | None = None
    sub_6m_price: Price | None = None
    sub_12m_price: Price | None = None
    plans_file: Path = ROOT / "plans.json"

    audit_hour_utc: Annotated[int, Field(ge=0, le=23)] = 3

    free_trial_days: PositiveInt = FREE_TRIAL_DAYS
    referral_bonus: Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=9)] = REFERRAL_BONUS
    referral_trigger: Literal["first_payment", "signup"] = "first_payment"
    redis_ttl: PositiveInt = REDIS_TTL
    telegram_stars_rate: Rate = TELEGRAM_STARS_RATE
    ton_rub_rate: Rate = TON_RUB_RATE
    usd_rub_rate: Rate = USD_RUB_RATE
    payment_timeout_minutes: PositiveInt = PAYMENT_TIMEOUT_MINUTES
    is_logging: bool = IS_LOGGING
    log_level: Literal["INFO", "DEBUG", "ERROR"] = LOG_LEVEL
    log_aiogram: bool = LOG_AIOGRAM

    quiet_hours: str | None = None
    support_username: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{4,32}$")] | None = None
    support_chat_id: Annotated[int, Field(lt=0)] | None = None
    required_channel: Annotated[str, Field(pattern=r"^(@[A-Za-z0-9_]{4,32}|-[0-9]{5,19})$")] | None = None
    updates_in_hand: PositiveInt = 100
    drain_seconds: PositiveInt = 20

    @model_validator(mode="wrap")
    @classmethod
    def _all_problems_at_once(cls, values: dict[str, object], handler: ModelWrapValidatorHandler[Self]) -> Self:
        ids = values.get("admin_ids")
        if isinstance(ids, str):
            values["admin_ids"] = tuple(part.strip() for part in ids.split(",") if part.strip())
        problems = _half_set_groups(values)
        try:
            settings = handler(values)
        except ValidationError as error:
            problems = [*_explained(error), *problems]
        if problems:
            raise ValueError("\n".join(problems))
        return settings

    @field_validator("data_dir", "plans_file")
    @classmethod
    def _within_the_project(cls, path: Path) -> Path:
        return ROOT / path

    @field_validator("bot_token")
    @classmethod
    def _looks_like_a_token(cls, token: SecretStr) -> SecretStr:
        bot_id, colon, secret = token.get_secret_value().partition(":")
        if not (colon and secret and bot_id.isascii() and bot_id.isdecimal()) or secret.casefold() in PLACEHOLDERS:
            raise ValueError("not a bot's token (digits, a colon, a secret)")
        return token

    @field_validator("cryptobot_token")
    @classmethod
    def _looks_like_an_apps_token(cls, token: SecretStr | None) -> SecretStr | None:
        # A header carries it, and it is the key to the webhook's signatures: neither bears blanks or a filler.
        if token is not None and not _is_key(token):
            raise ValueError("not an app's token (take it from @CryptoBot: Crypto Pay, My Apps)")
        return token

    @field_validator("yookassa_secret_key")
    @classmethod
    def _looks_like_a_shops_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not _is_key(key):
            raise ValueError("not a shop's key (take it from YooKassa: Integration, API keys)")
        return key

    @field_validator("quiet_hours")
    @classmethod
    def _are_hours(cls, written: str | None) -> str | None:
        if written is not None:
            QuietHours.parse(written)
        return written

    @property
    def bot_id(self) -> int:
        """The bot's own Telegram id, the part of its token that is no secret."""
        return int(self.bot_token.get_secret_value().partition(":")[0])

    @property
    def public_address(self) -> str | None:
        """Where the web server is reached from outside, without a closing slash; None where it is not."""
        address = self.public_url or self.webhook_url
        return str(address).rstrip("/") if address else None

    @property
    def is_sandbox(self) -> bool:
        """Whether time and Telegram are the sandbox's own, so that nobody real is served."""
        return self.clock_offset_file is not None and self.telegram_api_url.host in {"127.0.0.1", "localhost", "[::1]"}

    @property
    def data_limit_bytes(self) -> int:
        """Traffic for each config; 0 for no limit."""
        return self.data_limit_gib * 1024**3

    @property
    def load_rule(self) -> LoadRule:
        """What traffic weighs in the choice of a panel."""
        return LoadRule(self.panel_traffic_weight, timedelta(hours=self.panel_traffic_hours))

    def secrets(self) -> list[str]:
        """Every secret value that is set, for the pass that keeps them out of the log."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]

    def quiet(self) -> QuietHours:
        """When nobody is written to unasked; never where nothing is set."""
        return QuietHours.parse(self.quiet_hours) if self.quiet_hours else QuietHours()

    def catalogue(self) -> Catalogue:
        """The plans on sale: plans.json with the prices that the environment overrides."""
        return Catalogue(
            Plan(entry.key, entry.days, Money.rub(self._price_of(entry)), entry.max_configs)
            for entry in _read_plans(self.plans_file).plans
        )

    def _price_of(self, entry: PlanEntry) -> Decimal:
        override: Decimal | None = getattr(self, f"{entry.key}_price", None)
        return entry.price if override is None else override


def _is_key(secret: SecretStr) -> bool:
    """Whether it may be a key that a provider handed out, and not a filler."""
    text = secret.get_secret_value()
    is_plain = text.isascii() and text.isprintable() and " " not in text
    return is_plain and len(text) >= 10 and text not in PLACEHOLDERS


def _half_set_groups(values: dict[str, object]) -> list[str]:
    """What is missing where a group of settings that only work together is half there."""
    lines: list[str] = []
    for names in WHOLE_GROUPS:
        present = [name for name in names if values.get(name.lower())]
        absent = [name for name in names if name not in present]
        if present and absent:
            lines.extend(f"{name} is missing: it belongs with {', '.join(present)}" for name in absent)
    if values.get("tonapi_key") and not values.get("ton_address"):
        lines.append("TON_ADDRESS is missing: TONAPI_KEY is set, so TON payments are half configured")
    if values.get("cryptobot_api_url") and not values.get("cryptobot_token"):
        lines.append("CRYPTOBOT_TOKEN is missing: CRYPTOBOT_API_URL is set, so CryptoBot is half configured")
    if values.get("yookassa_receipt_email") and not values.get("yookassa_shop_id"):
        lines.append("YOOKASSA_SHOP_ID is missing: YOOKASSA_RECEIPT_EMAIL is set, so YooKassa is half configured")
    return lines


def load_settings() -> Settings:
    """The settings from the environment and `.env`; SettingsError lists all problems at once."""
    env_file = os.environ.get("ENV_FILE", str(ROOT / ".env"))
    problems: list[str] = []
    settings: Settings | None = None
    try:
        settings = Settings(_env_file=env_file or None)
    except ValidationError as error:
        problems = _explained(error)
    plans = settings.plans_file if settings else Path(os.environ.get("PLANS_FILE", ROOT / "plans.json"))
    try:
        _read_plans(plans)
    except SettingsError as error:
        problems.append(str(error))
    if settings is not None and failpoints.VARIABLE in os.environ and not settings.is_sandbox:
        problems.append(f"{failpoints.VARIABLE} ends the bot in the midst of its work and is for tests only: unset it")
    if settings is None or problems:
        raise SettingsError("\n".join(problems))
    return settings


def _read_plans(path: Path) -> PlansFile:
    try:
        return PlansFile.model_validate(json.loads(path.read_text("utf-8"), parse_float=Decimal))
    except OSError as error:
        raise SettingsError(f"{path.name}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path.name}: no JSON at line {error.lineno}") from None
    except ValidationError as error:
        raise SettingsError("\n".join(f"{path.name}: {line}" for line in _explained(error))) from None


def _explained(error: ValidationError) -> list[str]:
    """One line a problem, with names and reasons and never a value: values may be secrets."""
    lines: list[str] = []
    for problem in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in problem["loc"]).upper()
        reason = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "missing":
            lines.append(f"{name} is missing")
        elif name:
            lines.append(f"{name}: {reason}")
        else:
            lines.extend(reason.splitlines())
    return lines
