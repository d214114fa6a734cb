"""The shop's state as the database has it and as the model has it, in one form that can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain.money import Money
from tests.support.shop_model import State

if TYPE_CHECKING:
    from app.repo.db import Database
    from tests.support.shop_model import ShopModel

# One look, so that nothing can change between its parts.
LOOK = text(
    """
    SELECT (SELECT json_agg(json_build_array(tg_id, CAST(balance * 100 AS bigint), subscription_end, max_configs,
                   (SELECT json_agg(c.id ORDER BY c.id) FROM configs c
                    WHERE c.user_id = tg_id AND c.status IN ('creating', 'active')),
                   (SELECT referrer_id FROM referrals WHERE referee_id = tg_id))) FROM users) AS people,
           (SELECT json_agg(json_build_array(id, status)) FROM payments) AS bills,
           (SELECT json_agg(json_build_array(payment_id, 'swept')) FROM payment_tombstones) AS swept,
           (SELECT json_agg(json_build_array(payment_id, status)) FROM pending_purchases) AS wishes,
           (SELECT json_agg(json_build_array(gateway, key, user_id, CAST(credited * 100 AS bigint),
                   (SELECT COALESCE(sum(o.asset_amount), 0) FROM receipts o
                    WHERE (o.gateway, o.charge, o.direction) = (r.gateway, r.key, 'out'))))
            FROM receipts r WHERE direction = 'in') AS receipts,
           (SELECT count(*) FROM ton_transactions) AS transfers,
           (SELECT json_agg(json_build_array('code', code, used)) FROM promocodes) AS codes,
           (SELECT json_agg(json_build_array('use', user_id || ' ' || code, CASE status WHEN 'used' THEN 0 ELSE id END))
            FROM promo_uses) AS uses,
           (SELECT json_agg(json_build_array('gift', code, redeemed_by)) FROM gifts) AS gifts,
           (SELECT json_agg(json_build_array(kind, account, lines, total)) FROM (
                SELECT t.kind, e.account, count(*) AS lines, CAST(sum(e.amount) * 100 AS bigint) AS total
                FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id GROUP BY 1, 2
            ) sums) AS ledger
    """
)


@dataclass(frozen=True)
class Truth:
    """Accounts, invoices, receipts and the ledger's lines, counted and added up."""

    people: dict[int, tuple[Money, datetime, int, frozenset[int], int | None]]
    bills: dict[int, str]
    wishes: dict[int, str]
    receipts: dict[tuple[str, str], tuple[int | None, Money | None, int]]
    sales: dict[tuple[str, str], int | None]
    transfers: int
    ledger: dict[tuple[str, str], tuple[int, Money]]

    def differences(self, other: Truth) -> list[str]:
        """What is otherwise there, for a person to read."""
        found = []
        for name in ("people", "bills", "wishes", "receipts", "sales", "ledger"):
            mine, its = getattr(self, name), getattr(other, name)
            found += [f"{name} {k}: {mine.get(k)} != {its.get(k)}" for k in mine | its if mine.get(k) != its.get(k)]
        if self.transfers != other.transfers:
            found.append(f"transfers: {self.transfers} != {other.transfers}")
        return found


async def stored(database: Database) -> Truth:
    """What the database says."""
    (row,) = await database.run(LOOK)
    return Truth(
        people={
            tg_id: (Money(kopecks), datetime.fromisoformat(end), most, frozenset(configs or ()), inviter)
            for tg_id, kopecks, end, most, configs, inviter in row.people or ()
        },
        bills=dict((row.bills or []) + (row.swept or [])),
        wishes=dict(row.wishes or []),
        receipts={
            (gateway, key): (owner, None if kopecks is None else Money(kopecks), back)
            for gateway, key, owner, kopecks, back in row.receipts or ()
        },
        sales={
            (what, name): value
            for what, name, value in (row.codes or []) + (row.uses or []) + (row.gifts or [])
        },
        transfers=row.transfers,
        ledger={(kind, account): (lines, Money(total)) for kind, account, lines, total in row.ledger or ()},
    )


def foretold(model: ShopModel) -> Truth:
    """What the model says."""
    return Truth(
        people={
            tg_id: (person.balance, person.end, person.max_configs, person.configs, person.inviter)
            for tg_id, person in model.people.items()
        },
        bills={payment_id: _status(bill.state) for payment_id, bill in model.bills.items()},
        wishes={payment_id: wish.status for payment_id, wish in model.wishes.items()},
        receipts={
            (str(gateway), key): (receipt.owner, receipt.credited, receipt.back)
            for (gateway, key), receipt in model.receipts.items()
        },
        sales=_sales(model),
        transfers=len(model.transfers),
        ledger={key: (lines, Money(model.sums[key])) for key, lines in model.lines.items()},
    )


def _status(state: State) -> str:
    return (State.FAILED if state is State.CANCELLED else state).value


def _sales(model: ShopModel) -> dict[tuple[str, str], int | None]:
    """Codes with how often they are used, uses with 0 or the number of what waits, gifts with who has them."""
    sales: dict[tuple[str, str], int | None] = {("code", name): code.used for name, code in model.codes.items()}
    for tg_id, person in model.people.items():
        sales |= {("use", f"{tg_id} {name}"): 0 for name in person.taken}
        if person.held is not None:
            sales["use", f"{tg_id} {person.held.code}"] = person.held.use_id
    return sales | {("gift", code): gift.redeemed_by for code, gift in model.gifts.items()}
