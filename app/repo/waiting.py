"""Money that waits for an operator, and what operators do with it and with balances: one transaction each, logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.money import Money
from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.pending_parts import AWAITED, UNTOLD
from app.repo.receipts import LOCK_CHARGE
from app.repo.sql import statement
from app.services.operators import ReceivedMoney

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from app.repo.bonuses import Bonuses
    from app.repo.db import Database
    from app.services.operators import Adjustment, Worth
    from app.utils.redis import Cache

# Of a refund that was asked for nobody knows yet whether it was carried out: such money is not given away.
RECEIVED = """
    SELECT * FROM (
        SELECT asset AS gateway, hash AS key, at, asset, nano AS amount, source, comment, verdict, status,
               user_id, false AS is_refunded
        FROM ton_transactions WHERE status <> 'ignored'
        UNION ALL
        SELECT gateway, key, at, asset, asset_amount, NULL, NULL, 'money', status, user_id, EXISTS (
               SELECT FROM refunds f WHERE f.gateway = r.gateway AND f.key = r.key AND f.status <> 'refused')
               OR EXISTS (SELECT FROM receipts o WHERE o.gateway = r.gateway AND o.charge = r.key)
        FROM receipts r WHERE direction = 'in') received
"""
WAITING = statement(f"{RECEIVED} WHERE status = 'unmatched' AND NOT is_refunded ORDER BY at, gateway, key")
MATCHING = statement(
    f"{RECEIVED} WHERE gateway = :gateway AND starts_with(key, :prefix) ORDER BY key <> :prefix, key LIMIT 2"
)
BALANCE = statement("SELECT balance FROM users WHERE tg_id = :tg_id")

CLAIM_TRANSFER = """
    UPDATE ton_transactions SET status = 'credited', user_id = :tg_id, credited = :amount, rate = :rate
    WHERE hash = :key AND status = 'unmatched' AND COALESCE(user_id, :tg_id) = :tg_id RETURNING hash AS key, payment_id
"""
NOT_REFUNDED = """
      AND NOT EXISTS (SELECT FROM refunds f
                      WHERE f.gateway = :gateway AND f.key = :key AND f.status <> 'refused')
      AND NOT EXISTS (SELECT FROM receipts o WHERE o.gateway = :gateway AND o.charge = :key)"""
CLAIM_RECEIPT = f"""
    UPDATE receipts SET status = 'credited', user_id = :tg_id, credited = :amount
    WHERE gateway = :gateway AND key = :key AND direction = 'in' AND status = 'unmatched'
      AND COALESCE(user_id, :tg_id) = :tg_id
      {NOT_REFUNDED}
    RETURNING key, payment_id
"""  # noqa: S608 - constant
# The receipt is the claim: of two operators at once one finds it waiting. One by a gateway is locked in a statement of
# its own before: a refund that is being booked changes no row that would be judged again, so it has to be seen. What
# follows is as for any top-up, by the time of the act: a purchase that waited for it may be too old by then.
CREDIT = f"""
    WITH claimed AS ({{claim}}), paid AS (
        SELECT key, payment_id, :tg_id AS user_id, :amount AS credited, :now AS at FROM claimed
    ), confirmed AS (
        SELECT CAST(NULL AS bigint) AS id WHERE false
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT :gateway || ':' || key, 'topup', :now FROM claimed RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked, (VALUES ('wallet:' || CAST(:tg_id AS text), :amount), ('gateway:' || :gateway, -:amount))
             AS line (account, amount)
    ), balances AS (
        UPDATE users SET balance = balance + :amount FROM claimed WHERE users.tg_id = :tg_id RETURNING users.tg_id
    ), {AWAITED}, told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'paid:' || :gateway || ':' || key, :tg_id, 'payment_confirmed',
               jsonb_build_object('amount', CAST(:amount AS text), 'receipt', left(key, 8), 'method', :gateway),
               :now, :now
        FROM paid WHERE {UNTOLD}
    ), logged AS (
        INSERT INTO operator_log (at, who, action, key, user_id, amount)
        SELECT :now, :who, 'assign', :gateway || ':' || key, :tg_id, :amount FROM claimed
    )
    SELECT key FROM claimed
"""  # noqa: S608 - constants
ASSIGN_TRANSFER = statement(CREDIT.format(claim=CLAIM_TRANSFER))
ASSIGN_RECEIPT = statement(CREDIT.format(claim=CLAIM_RECEIPT))
DISMISS = """
    WITH gone AS (
        UPDATE {table} SET status = 'dismissed' WHERE {which} AND status = 'unmatched' {free} RETURNING 1
    )
    INSERT INTO operator_log (at, who, action, key, reason)
    SELECT :now, :who, 'dismiss', :gateway || ':' || :key, :reason FROM gone RETURNING id
"""
DISMISS_TRANSFER = statement(DISMISS.format(table="ton_transactions", which="hash = :key", free=""))
DISMISS_RECEIPT = statement(
    DISMISS.format(table="receipts", which="gateway = :gateway AND key = :key AND direction = 'in'", free=NOT_REFUNDED)
)

# The balance is judged on the locked row, and a key that is used finds nothing to do.
ADJUST = statement(
    """
    WITH wallet AS (
        SELECT tg_id FROM users WHERE tg_id = :tg_id AND balance + :amount >= 0 FOR NO KEY UPDATE
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT 'adjust:' || :key, 'adjustment', :now FROM wallet ON CONFLICT (key) DO NOTHING RETURNING id, key
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked, (VALUES ('wallet:' || CAST(:tg_id AS text), :amount), ('adjustments', -:amount))
             AS line (account, amount)
    ), balances AS (
        UPDATE users SET balance = balance + :amount FROM booked WHERE users.tg_id = :tg_id
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT key, :tg_id, 'balance_adjusted', jsonb_build_object('amount', CAST(:amount AS text)), :now, :now
        FROM booked WHERE :told = 'yes'
    ), logged AS (
        INSERT INTO operator_log (at, who, action, key, user_id, amount, reason)
        SELECT :now, :who, 'adjust', key, :tg_id, :amount, :reason FROM booked
    )
    SELECT id FROM booked
    """
)
ADJUSTED = statement("SELECT user_id, amount FROM operator_log WHERE key = 'adjust:' || :key")


class WaitingRepository(BaseRepository):
    """Implements services.operators.MoneyStore."""

    def __init__(self, database: Database, cache: Cache, bonuses: Bonuses) -> None:
        super().__init__(database, cache)
        self._bonuses = bonuses

    async def waiting(self) -> list[ReceivedMoney]:
        """What was credited to nobody and not set aside, oldest first."""
        return [_money(row) for row in await self.database.run(WAITING)]

    async def matching(self, gateway: str, prefix: str) -> list[ReceivedMoney]:
        """Up to two whose key begins so; the one whose key is just that comes first."""
        rows = await self.database.run(MATCHING, {"gateway": gateway, "prefix": prefix})
        return [_money(row) for row in rows]

    async def balance(self, tg_id: int) -> Money | None:
        """The balance as the row has it; None where there is no such account."""
        rows = await self.database.run(BALANCE, {"tg_id": tg_id})
        return Money.rub(rows[0].balance) if rows else None

    async def assign(self, money: ReceivedMoney, tg_id: int, worth: Worth, who: str, now: datetime) -> bool:
        """Credit it, if it still waits; all in one transaction, with the bonus, the notice and the log."""
        params: dict[str, Any] = {
            "gateway": money.gateway,
            "key": money.key,
            "tg_id": tg_id,
            "amount": worth.amount.decimal,
            "who": who,
            "now": now,
        }
        if is_transfer := money.chain_asset is not None:
            params["rate"] = worth.rate
        async with self.database.transaction() as connection:
            if not is_transfer:
                await connection.execute(LOCK_CHARGE, _charge(money))
            credit = ASSIGN_TRANSFER if is_transfer else ASSIGN_RECEIPT
            if (await connection.execute(credit, params)).one_or_none() is None:
                return False
            changed = {tg_id} | await self._bonuses.pay(connection, "first_payment", (tg_id,), now)
        failpoint("money.assigned")
        await self.drop_account(*changed, parts=("balance",))
        return True

    async def dismiss(self, money: ReceivedMoney, reason: str, who: str, now: datetime) -> bool:
        """Set it aside, if it still waits."""
        params = {"gateway": money.gateway, "key": money.key, "reason": reason, "who": who, "now": now}
        if money.chain_asset is not None:
            return bool(await self.database.run(DISMISS_TRANSFER, params))
        async with self.database.transaction() as connection:
            await connection.execute(LOCK_CHARGE, _charge(money))
            return (await connection.execute(DISMISS_RECEIPT, params)).one_or_none() is not None

    async def adjust(self, wish: Adjustment, who: str, now: datetime) -> bool:
        """Change the balance, if that leaves it at zero or above; False where it does not or the key is used."""
        params = {
            "tg_id": wish.owner,
            "amount": wish.amount.decimal,
            "key": wish.key,
            "reason": wish.reason,
            "told": "yes" if wish.is_told else "no",
            "who": who,
            "now": now,
        }
        booked = await self.database.run(ADJUST, params)
        failpoint("balance.adjusted")
        if not booked:
            return False
        await self.drop_account(wish.owner, parts=("balance",))
        return True

    async def adjusted(self, key: str) -> tuple[int, Money] | None:
        """Whose balance an adjustment of this key changed by how much; None where there is none."""
        rows = await self.database.run(ADJUSTED, {"key": key})
        return (rows[0].user_id, Money.rub(rows[0].amount)) if rows else None


def _charge(money: ReceivedMoney) -> dict[str, str]:
    return {"gateway": money.gateway, "charge": money.key}


def _money(row: Row[Any]) -> ReceivedMoney:
    return ReceivedMoney(
        row.gateway, row.key, row.at, row.asset, row.amount, row.source, row.comment, row.verdict, row.status,
        row.user_id, row.is_refunded,
    )  # fmt: skip
