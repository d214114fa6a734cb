"""Payments: opening, showing, cancelling, expiring, sweeping. Credits nothing: that is settlement.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.domain.errors import Banned, NotFound, TooManyPayments
from app.domain.money import Money
from app.domain.payment import FailReason, PaymentMethod, PaymentStatus
from app.domain.ton import normalised_comment
from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.pending import store_wish
from app.repo.pending_parts import DROPPED, WISH_FACTS
from app.repo.settlement import Settler
from app.repo.sql import statement
from app.services.chain import ChainCursor, Scan
from app.services.records import Payment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.repo.db import Database
    from app.services.chain import IncomingTransfer, Settlement
    from app.services.records import NewPayment, Rate
    from app.utils.redis import Cache

# The index may lag behind the chain: an invoice dies only when a scan begun this long after its deadline is whole.
EXPIRY_MARGIN = timedelta(seconds=60)

# Two that open at once wait here for each other. The count comes in a statement of its own, behind the lock: what one
# statement sees was settled before it began to wait.
OWNER = statement("SELECT is_banned FROM users WHERE tg_id = :tg_id FOR NO KEY UPDATE")
# Sent again after a lost connection it finds its own row by the comment, which nobody else can have.
OPEN = statement(
    """
    WITH owner AS (
        SELECT tg_id FROM users WHERE tg_id = :tg_id
        AND (SELECT count(*) FROM payments
             WHERE user_id = :tg_id AND status = 'pending' AND expires_at > :now
                   AND (:comment IS NULL OR comment IS DISTINCT FROM :comment)) < :most
    )
    INSERT INTO payments (user_id, method, amount, comment, nano, stars, rate, rate_source, rate_at, account,
                          created_at, expires_at)
    SELECT tg_id, :method, :amount, :comment, :nano, :stars, :rate, :rate_source, :rate_at, :account,
           :now, :expires_at
    FROM owner
    ON CONFLICT (comment) DO UPDATE SET comment = excluded.comment WHERE payments.user_id = excluded.user_id
    RETURNING id, user_id, method, amount, status, reason, expires_at, comment, nano, stars, external_id, pay_url,
              account
    """
)
COLUMNS = (
    "id, user_id, method, amount, status, reason, expires_at, comment, nano, stars, external_id, pay_url, account"
)
ONE = statement(f"SELECT {COLUMNS} FROM payments WHERE id = :payment_id AND user_id = :tg_id")  # noqa: S608 - constant
BY_ID = statement(f"SELECT {COLUMNS} FROM payments WHERE id = :payment_id")  # noqa: S608 - constant
LAST_HEARD = statement("SELECT heard_at FROM provider_sightings WHERE provider = :provider")
# Either half has a partial index of its own; a condition on both would walk through everything that was ever paid.
PENDING = statement(
    f"SELECT {COLUMNS} FROM payments WHERE method = :method AND status = 'pending'"  # noqa: S608 - constant
    f" UNION ALL SELECT {COLUMNS} FROM payments WHERE method = :method AND status = 'failed' AND created_at > :before"
    " ORDER BY id DESC LIMIT :batch"
)
ISSUED = statement("UPDATE payments SET external_id = :external_id, pay_url = :pay_url WHERE id = :payment_id")
# An invoice to a wallet of ours ends by a scan of that wallet; one that names none, by that of any.
EXPIRED = f"""
    expired AS (
        UPDATE payments SET status = 'failed', reason = 'expired'
        WHERE method = :method AND status = 'pending' AND expires_at < :before
              AND (account IS NULL OR :wallet IS NULL OR account = :wallet)
        RETURNING id, user_id, amount, message_id
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
        SELECT 'expired:' || expired.id, expired.user_id, 'payment_expired',
               jsonb_build_object('amount', expired.amount::text, 'payment_id', expired.id::text, 'method', :method)
               || {WISH_FACTS},
               message_id, :now, :now
        FROM expired LEFT JOIN pending_purchases w ON w.payment_id = expired.id AND w.status = 'waiting'
        ON CONFLICT (key) DO NOTHING
    )"""  # noqa: S608 - constant
EXPIRE = statement(f"WITH {EXPIRED} SELECT count(*) AS expired FROM expired")  # noqa: S608 - constant
CANCEL = statement(
    f"""
    WITH cancelled AS (
        UPDATE payments SET status = 'failed', reason = 'cancelled'
        WHERE id = :payment_id AND user_id = :tg_id AND status = 'pending' RETURNING id
    ), {DROPPED}
    SELECT id FROM cancelled
    """  # noqa: S608 - constant
)
ATTACH = statement("UPDATE payments SET message_id = :message_id WHERE id = :payment_id")
CURSOR = statement("SELECT lt, scanned_at FROM chain_cursors WHERE account = :account")
SCANNED = statement(
    f"""
    WITH noted AS (
        INSERT INTO chain_cursors (account, lt, scanned_at) VALUES (:account, 0, :now)
        ON CONFLICT (account) DO UPDATE SET scanned_at = GREATEST(chain_cursors.scanned_at, excluded.scanned_at)
        RETURNING lt
    ), {EXPIRED}
    SELECT (SELECT count(*) FROM expired) AS expired, (SELECT lt FROM noted) AS lt
    """  # noqa: S608 - constant
)
# Each half has an index of its own.
WALLETS = statement(
    """
    SELECT account FROM payments WHERE status = 'pending' AND method IN ('ton', 'usdt') AND account <> :wallet
    UNION
    SELECT account FROM payments WHERE status = 'failed' AND created_at > :before AND method IN ('ton', 'usdt')
                                       AND account <> :wallet
    """
)
SWEEP = statement(
    """
    WITH stale AS (
        SELECT id FROM payments
        WHERE status = 'failed' AND created_at < :before
          AND NOT EXISTS (SELECT FROM ton_transactions t WHERE t.payment_id = payments.id)
          AND NOT EXISTS (SELECT FROM receipts r WHERE r.payment_id = payments.id)
        ORDER BY created_at LIMIT :batch FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM payments USING stale WHERE payments.id = stale.id
        RETURNING payments.id, user_id, method, amount, comment, nano, rate, external_id, created_at
    ), kept AS (
        INSERT INTO payment_tombstones (payment_id, user_id, method, amount, comment, nano, rate, external_id,
                                        created_at)
        SELECT id, user_id, method, amount, comment, nano, rate, external_id, created_at FROM gone
    )
    SELECT count(*) AS gone FROM gone
    """
)


class PaymentRepository(BaseRepository):
    """Implements ports.InvoiceStore, PaymentStore, ChainStore and StalePayments."""

    def __init__(self, database: Database, cache: Cache, settler: Settler) -> None:
        super().__init__(database, cache)
        self._settler = settler

    async def open(self, payment: NewPayment, most_open: int) -> Payment:
        """Store an invoice; TooManyPayments where `most_open` are pending, Banned, NotFound."""
        quote = payment.quote
        params = {
            "tg_id": payment.owner,
            "method": payment.method,
            "amount": payment.amount.decimal,
            "comment": normalised_comment(quote.comment) if quote else None,
            "nano": quote.nano if quote else None,
            "stars": payment.stars,
            "rate": quote.rate.rub if quote else None,
            "rate_source": quote.rate.source if quote else None,
            "rate_at": quote.rate.fetched_at if quote else None,
            "account": payment.account,
            "now": payment.created_at,
            "expires_at": payment.expires_at,
            "most": most_open,
        }

        async def opening(connection: AsyncConnection) -> Payment:
            owner = (await connection.execute(OWNER, {"tg_id": payment.owner})).one_or_none()
            if owner is None:
                raise NotFound
            if owner.is_banned:
                raise Banned
            row = (await connection.execute(OPEN, params)).one_or_none()
            if row is None:
                raise TooManyPayments
            if payment.wish is not None:
                await store_wish(connection, row.id, payment.owner, payment.wish, payment.created_at)
            return replace(_payment(row), wish=payment.wish)

        opened = await self.database.unit(opening)
        failpoint("invoice.stored")
        return opened

    async def issued(self, payment_id: int, external_id: str | None, pay_url: str) -> None:
        """Store what the provider calls the invoice and where it is paid."""
        params = {"payment_id": payment_id, "external_id": external_id, "pay_url": pay_url}
        await self.database.run(ISSUED, params)
        failpoint("invoice.issue_stored")

    async def pending(self, method: str, since: datetime, limit: int) -> list[Payment]:
        """Unpaid invoices of a method, newest first: all that are pending, and those made after `since` that failed."""
        rows = await self.database.run(PENDING, {"method": method, "before": since, "batch": limit})
        return [_payment(row) for row in rows]

    async def by_id(self, payment_id: int) -> Payment | None:
        """A payment whoever's it is."""
        rows = await self.database.run(BY_ID, {"payment_id": payment_id})
        return _payment(rows[0]) if rows else None

    async def last_heard(self, provider: str) -> datetime | None:
        """When the provider last told what came and that was booked; None where it never did."""
        rows = await self.database.run(LAST_HEARD, {"provider": provider})
        return rows[0].heard_at if rows else None

    async def expire(self, method: str, before: datetime, now: datetime) -> int:
        """Fail pending invoices of a method whose deadline was before `before`, and have it told; how many."""
        rows = await self.database.run(EXPIRE, {"method": method, "before": before, "now": now, "wallet": None})
        failpoint("invoice.expired")
        return int(rows[0].expired)

    async def of_owner(self, tg_id: int, payment_id: int) -> Payment:
        """The payment, if it is this person's; else NotFound."""
        rows = await self.database.run(ONE, {"tg_id": tg_id, "payment_id": payment_id})
        if not rows:
            raise NotFound
        return _payment(rows[0])

    async def cancel(self, tg_id: int, payment_id: int) -> None:
        """Fail a pending payment of this person as cancelled; one that is no longer pending is NotFound."""
        rows = await self.database.run(CANCEL, {"tg_id": tg_id, "payment_id": payment_id})
        failpoint("invoice.cancelled")
        if not rows:
            raise NotFound

    async def attach_message(self, payment_id: int, message_id: int) -> None:
        """Remember which message shows the invoice."""
        await self.database.run(ATTACH, {"payment_id": payment_id, "message_id": message_id})
        failpoint("invoice.attached")

    async def cursor(self, account: str) -> ChainCursor:
        """How far this wallet's history is stored; lt 0 where it never was."""
        rows = await self.database.run(CURSOR, {"account": account})
        return ChainCursor(account, rows[0].lt, rows[0].scanned_at) if rows else ChainCursor(account, 0, None)

    async def settle(
        self, account: str, transfers: Sequence[IncomingTransfer], late_rate: Rate, now: datetime
    ) -> Settlement:
        """Store a page of history and credit what matches; the wallets' cached balances are dropped after it."""
        settlement, paid = await self._settler.settle(account, transfers, late_rate, now)
        failpoint("ton.settled")
        if paid:
            await self.drop_account(*paid, parts=("balance",))
        return settlement

    async def scanned(self, account: str, method: str, wallet: str, now: datetime) -> Scan:
        """Note a complete scan of `account` begun at `now`.

        Invoices of `method` that ask for money to `wallet`, and whose deadline the scan covers with a margin, expire.
        """
        params = {
            "account": account,
            "method": method,
            "wallet": wallet,
            "now": now,
            "before": now - EXPIRY_MARGIN,
        }
        rows = await self.database.run(SCANNED, params)
        failpoint("ton.scanned")
        return Scan(int(rows[0].expired), int(rows[0].lt))

    async def other_wallets(self, wallet: str, since: datetime) -> list[str]:
        """Wallets beside this one that unpaid invoices name: all that are pending, and what failed since `since`."""
        rows = await self.database.run(WALLETS, {"wallet": wallet, "before": since})
        return sorted(row.account for row in rows)

    async def drop_stale(self, before: datetime, batch: int) -> int:
        """Delete failed rows that no receipt names, leaving tombstones; how many."""

        async def sweeping(connection: AsyncConnection) -> int:
            return int((await connection.execute(SWEEP, {"before": before, "batch": batch})).one().gone)

        # Anew where a receipt came to name one of the rows meanwhile: it stays then.
        gone = await self.database.unit(sweeping)
        failpoint("invoice.swept")
        return gone


def _payment(row: Row[Any]) -> Payment:
    return Payment(
        id=row.id,
        owner=row.user_id,
        method=PaymentMethod(row.method),
        amount=Money.rub(row.amount),
        status=PaymentStatus(row.status),
        reason=FailReason(row.reason) if row.reason else None,
        expires_at=row.expires_at,
        comment=(row.comment or "").upper(),
        nano=row.nano or 0,
        stars=row.stars,
        external_id=row.external_id,
        pay_url=row.pay_url,
        account=row.account,
    )
