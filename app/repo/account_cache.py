"""The cached account: one script reads it together with the rate limit, one fills it. For screens only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.domain.money import Money
from app.domain.promo import Discount
from app.repo.base import ACCOUNT_PARTS, account_key
from app.services.records import Account, ConfigCard, ConfigStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

FILL_SCRIPT = """
if (redis.call('GET', KEYS[#KEYS]) or '0') ~= ARGV[2] then return 0 end
for i = 1, #KEYS - 1 do redis.call('SET', KEYS[i], ARGV[i + 2], 'EX', ARGV[1]) end
return 1
"""


def account_keys(tg_id: int) -> list[str]:
    """The keys of a whole cached account, its generation last."""
    return [account_key(tg_id, part) for part in (*ACCOUNT_PARTS, "gen")]


@dataclass(frozen=True, slots=True)
class CachedAccount:
    """What the cache holds: the account, where all of it is there, and the generation a refill must match."""

    account: Account | None
    generation: str


def load(tg_id: int, values: Sequence[str | None]) -> CachedAccount:
    """The account from the values under `account_keys`; a part that is missing makes the whole a miss."""
    *parts, generation = values
    profile, balance, sub_end, active_sub, discount, configs = parts
    if profile is None or balance is None or sub_end is None:
        return CachedAccount(None, generation or "0")
    if active_sub is None or discount is None or configs is None:
        return CachedAccount(None, generation or "0")
    language, is_banned, first_name = profile.split("\n", 2)
    account = Account(
        tg_id=tg_id,
        language=language,
        first_name=first_name,
        is_banned=is_banned == "1",
        balance=Money(int(balance)),
        subscription_end=datetime.fromisoformat(sub_end) if sub_end else None,
        active_plan=active_sub or None,
        discount=discount_from_json(discount),
        configs=cards_from_json(configs) if configs != "[]" else (),
    )
    return CachedAccount(account, generation or "0")


def dump(account: Account) -> list[str]:
    """The values to keep under `account_keys`, without the generation."""
    cards = [{"id": card.id, "name": card.name, "status": card.status} for card in account.configs]
    return [
        f"{account.language}\n{int(account.is_banned)}\n{account.first_name}",
        str(account.balance.kopecks),
        account.subscription_end.isoformat() if account.subscription_end else "",
        account.active_plan or "",
        _discount_to_json(account.discount),
        json.dumps(cards, ensure_ascii=False),
    ]


def discount_from_json(text: str | None) -> Discount | None:
    """The discount from the JSON that both the cache and the database make; None where there is none."""
    if not text:
        return None
    found = json.loads(text)
    return Discount(found["use"], found["percent"], datetime.fromisoformat(found["until"]))


def _discount_to_json(discount: Discount | None) -> str:
    if discount is None:
        return ""
    return json.dumps({"use": discount.use_id, "percent": discount.percent, "until": discount.until.isoformat()})


def cards_from_json(text: str) -> tuple[ConfigCard, ...]:
    """Config cards from the JSON that both the cache and the database's aggregate make."""
    return tuple(ConfigCard(card["id"], card["name"], ConfigStatus(card["status"])) for card in json.loads(text))
