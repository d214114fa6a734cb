"""Updates of Telegram's that carry money: kept before they are acknowledged, due until handled. Judges none."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.stars import MoneyKind, MoneyUpdate

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

# Who keeps an update handles it at once; only where that did not come to an end is it taken up from here.
FIRST_ATTEMPT_AFTER = timedelta(seconds=10)

KEEP = statement(
    """
    INSERT INTO money_updates (bot_id, update_id, body, next_attempt_at)
    VALUES (:bot_id, :update_id, CAST(:body AS jsonb), :at) ON CONFLICT DO NOTHING
    """
)
HANDLED = statement(
    "UPDATE money_updates SET handled_at = :now WHERE bot_id = :bot_id AND update_id = :update_id"
    " AND handled_at IS NULL"
)
# Taking one up is counted and puts it off, so that one that fails, or kills who handles it, comes later each time.
DUE = statement(
    """
    WITH due AS (
        SELECT bot_id, update_id FROM money_updates
        WHERE bot_id = :bot_id AND handled_at IS NULL AND next_attempt_at <= :now
        ORDER BY next_attempt_at, update_id LIMIT :batch FOR UPDATE SKIP LOCKED)
    UPDATE money_updates
    SET attempts = attempts + 1, next_attempt_at = :now + LEAST(power(2, LEAST(attempts, 10)) * 5, 600)
                                                          * CAST('1 second' AS interval)
    FROM due WHERE money_updates.bot_id = due.bot_id AND money_updates.update_id = due.update_id
    RETURNING money_updates.update_id, body
    """
)
FORGET = statement("DELETE FROM money_updates WHERE handled_at < :before")


class MoneyUpdateRepository(BaseRepository):
    """Implements core.money_updates.MoneyUpdateStore for one bot."""

    def __init__(self, database: Database, cache: Cache, bot_id: int) -> None:
        super().__init__(database, cache)
        self._bot_id = bot_id

    async def keep(self, update: MoneyUpdate, now: datetime) -> None:
        """Store the update, once."""
        body = {name: _clean(value) for name, value in asdict(update).items()} | {"at": update.at.isoformat()}
        del body["update_id"]
        params = {
            "bot_id": self._bot_id,
            "update_id": update.update_id,
            "body": json.dumps(body),
            "at": now + FIRST_ATTEMPT_AFTER,
        }
        await self.database.run(KEEP, params)
        failpoint("update.kept")

    async def handled(self, update_id: int, now: datetime) -> None:
        """Nothing more is to be done for it."""
        await self.database.run(HANDLED, {"bot_id": self._bot_id, "update_id": update_id, "now": now})
        failpoint("update.handled")

    async def due(self, now: datetime, limit: int) -> list[MoneyUpdate]:
        """Up to `limit` that were not handled, the oldest first, each put off from 5 s to 10 min at every turn."""
        rows = await self.database.run(DUE, {"bot_id": self._bot_id, "now": now, "batch": limit})
        failpoint("update.due")
        return sorted((_update(row.update_id, row.body) for row in rows), key=lambda update: update.update_id)

    async def forget(self, before: datetime) -> None:
        """Drop what was handled before then; the receipts stay."""
        await self.database.run(FORGET, {"before": before})
        failpoint("update.forgotten")


def _clean(value: object) -> object:
    """PostgreSQL keeps neither NUL nor lone surrogates; nothing that names money of ours has any."""
    return value.replace("\0", "").encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _update(update_id: int, body: dict[str, Any]) -> MoneyUpdate:
    fields = {**body, "kind": MoneyKind(body["kind"]), "at": datetime.fromisoformat(body["at"])}
    return MoneyUpdate(update_id=update_id, **fields)
