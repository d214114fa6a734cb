"""Makes statements out of SQL text with typed parameters. Knows names and types, no table and no rule."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    Interval,
    Numeric,
    Text,
    TextClause,
    bindparam,
    text,
)
from sqlalchemy.types import TypeEngine

INSTANT: TypeEngine[Any] = DateTime(timezone=True)
RUB: TypeEngine[Any] = Numeric(14, 2)
RATE: TypeEngine[Any] = Numeric(18, 6)
BIG: TypeEngine[Any] = BigInteger()
INT: TypeEngine[Any] = Integer()
DAY: TypeEngine[Any] = Date()

# A parameter's name fixes its type everywhere, so that a None or an aware datetime needs no cast in the SQL.
TYPES: dict[str, TypeEngine[Any]] = {
    **dict.fromkeys(("now", "at", "before", "trial_end", "expires_at", "created_at", "rate_at", "lease_end"), INSTANT),
    **dict.fromkeys(("since", "until"), INSTANT),
    **dict.fromkeys(("amount", "price", "bonus", "least"), RUB),
    **dict.fromkeys(("rate", "late_rate", "rub"), RATE),
    "near": Interval(),
    "is_alone": Boolean(),
    **dict.fromkeys(("tg_id", "inviter", "config_id", "payment_id", "message_id", "notice_id"), BIG),
    **dict.fromkeys(("asset_amount", "payer", "bot_id", "update_id"), BIG),
    **dict.fromkeys(("nano", "lt", "revision", "after", "holder"), BIG),
    **dict.fromkeys(("holds_until", "valid_from", "valid_until"), INSTANT),
    **dict.fromkeys(("use_id", "gift_id", "job_id"), BIG),
    **dict.fromkeys(("number", "per_person", "most_uses"), INT),
    "value": RUB,
    **dict.fromkeys(("purchase_id", "server_id"), BIG),
    **dict.fromkeys(("end_before", "subscription_end", "asked_at"), INSTANT),
    **dict.fromkeys(("debt", "returned"), RUB),
    "is_trial": Boolean(),
    **dict.fromkeys(("entry_id", "ticket_id", "errand_id", "thread_id", "group_id", "chat_id", "copy_id"), BIG),
    **dict.fromkeys(("author", "reply_to"), BIG),
    **dict.fromkeys(("is_payment", "is_topup", "is_closed"), Boolean()),
    "first_purchase": Boolean(),
    **dict.fromkeys(("device_id", "pause_id"), BIG),
    **dict.fromkeys(("is_counted", "is_told", "wanted"), Boolean()),
    "addresses": INT,
    "ends_at": INSTANT,
    **dict.fromkeys(("days", "trial_configs", "max_configs", "most", "batch", "priority", "capacity", "stars"), INT),
    "users_seen": INT,
    "is_gift": Boolean(),
    "day": DAY,
}
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")


def statement(sql: str) -> TextClause:
    """The SQL as an executable whose parameters are typed by their names; a name without a type is text."""
    names = dict.fromkeys(_PARAMETER.findall(sql))
    return text(sql).bindparams(*(bindparam(name, type_=TYPES.get(name, Text())) for name in names))
