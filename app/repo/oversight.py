"""What an operator looks at: money that waits, configs as panels should have them, work left lying. Changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.repo.sql import statement
from app.services.oversight_records import Overdue, StandingConfig

if TYPE_CHECKING:
    from datetime import datetime

    from app.repo.db import Database

# A job's lease and its longest pause are both shorter.
LEFT_LYING = timedelta(minutes=15)

UNMATCHED = statement(
    "SELECT (SELECT count(*) FROM ton_transactions WHERE status = 'unmatched')"
    " + (SELECT count(*) FROM receipts r WHERE status = 'unmatched' AND NOT EXISTS ("
    "    SELECT FROM refunds f WHERE f.gateway = r.gateway AND f.key = r.key AND f.status <> 'refused')) AS waiting"
)
# A config on the move has, or may have, a user on two panels for a while.
STANDING = statement(
    """
    SELECT id, instance_id, marzban_username, expires_at, status = 'active' AND NOT is_due AS is_settled
    FROM configs WHERE instance_id IS NOT NULL AND status <> 'deleted'
    UNION ALL
    SELECT c.id, o.instance_id, c.marzban_username, c.expires_at, false FROM configs c JOIN (
        SELECT config_id, instance_id FROM config_leftovers UNION ALL
        SELECT config_id, target FROM config_moves WHERE target IS NOT NULL) o ON o.config_id = c.id
    WHERE c.status = 'deleted' OR c.instance_id IS DISTINCT FROM o.instance_id
    ORDER BY id
    """
)
OVERDUE = statement(
    "SELECT (SELECT count(*) FROM configs WHERE is_due AND next_attempt_at < :before) AS configs,"
    " (SELECT count(*) FROM notices WHERE sent_at IS NULL AND next_attempt_at < :before) AS notices"
)


class OversightRepository:
    """Questions without a customer behind them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unmatched(self) -> int:
        """How much money waits for an operator to say whose it is, by number."""
        ((waiting,),) = await self._database.run(UNMATCHED)
        return int(waiting)

    async def standing(self) -> list[StandingConfig]:
        """Every config that a panel has or is about to have or to lose."""
        rows = await self._database.run(STANDING)
        return [
            StandingConfig(row.id, row.instance_id, row.marzban_username, row.expires_at, bool(row.is_settled))
            for row in rows
        ]

    async def overdue(self, now: datetime) -> Overdue:
        """What was due a quarter of an hour ago and has not been touched since."""
        (row,) = await self._database.run(OVERDUE, {"before": now - LEFT_LYING})
        return Overdue(row.configs, row.notices)
