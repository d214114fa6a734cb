"""Reminders as rows: written once by looks along the ends of subscriptions, taken once to be sent. Sends nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import NotFound
from app.domain.reminders import OCCASIONS, Step
from app.domain.subscription import TRIAL_PLAN
from app.failpoints import failpoint
from app.repo.renewals import STANDING, renewing
from app.repo.sql import statement
from app.services.renewal_records import Outcome, Reminder

if TYPE_CHECKING:
    from datetime import datetime

    from app.repo.db import Database

# (step, seconds that it comes before the end, seconds for which it is worth a word)
RULES = json.dumps(
    [
        {"step": step, "ahead": each.ahead // timedelta(seconds=1), "lasts": each.lasts // timedelta(seconds=1)}
        for step, each in OCCASIONS.items()
    ]
)
RULE = "jsonb_to_recordset(CAST(:rules AS jsonb)) AS rule (step text, ahead integer, lasts integer)"
# What ended before there were reminders is let be.
BEGIN = statement(
    f"""
    INSERT INTO reminder_scans (step, seen_end, seen_id)
    SELECT step, :now + ahead * interval '1 second', {2**63 - 1} FROM {RULE} ON CONFLICT DO NOTHING
    """  # noqa: S608 - constants
)
# Time passes along the ends as they stand in the index, so a look reads what has come due and nothing else, whatever
# was bought meanwhile has left the way by itself, and an act of the person's own never brings a reminder of the past.
# A second replica finds the scans taken and goes. Of ends of long ago nothing needs to be known any more.
WRITE = statement(
    f"""
    WITH scan AS (
        SELECT s.step, s.seen_end, s.seen_id, :now + rule.ahead * interval '1 second' AS until,
               (rule.ahead - rule.lasts) * interval '1 second' AS closes
        FROM reminder_scans s JOIN {RULE} USING (step) FOR UPDATE OF s SKIP LOCKED
    ), due AS (
        SELECT scan.step, scan.closes, u.* FROM scan CROSS JOIN LATERAL (
            SELECT tg_id, subscription_end, is_banned, gone_at, wants_reminders FROM users
            WHERE (subscription_end, tg_id) > (scan.seen_end, scan.seen_id) AND subscription_end <= scan.until
            ORDER BY subscription_end, tg_id LIMIT :batch) u
    ), written AS (
        INSERT INTO reminders (user_id, step, subscription_end, next_attempt_at, created_at)
        SELECT tg_id, step, subscription_end, :now, :now FROM due
        WHERE NOT is_banned AND gone_at IS NULL AND subscription_end > :now + closes
          AND (wants_reminders OR (SELECT true FROM renewals r WHERE r.user_id = tg_id))
        ON CONFLICT DO NOTHING
    ), forgotten AS (
        DELETE FROM reminders WHERE ctid = ANY (ARRAY(
            SELECT old.ctid FROM due CROSS JOIN LATERAL (
                SELECT o.ctid FROM reminders o
                WHERE o.user_id = due.tg_id AND o.subscription_end < due.subscription_end - interval '60 days'
                LIMIT 10) old))
    ), seen AS (
        UPDATE reminder_scans s SET
            seen_end = CASE WHEN x.number = :batch THEN x.newest ELSE GREATEST(s.seen_end, scan.until) END,
            seen_id = CASE WHEN x.number = :batch THEN x.last_id ELSE {2**63 - 1} END
        FROM scan LEFT JOIN LATERAL (
            SELECT count(*) AS number, max(subscription_end) AS newest,
                   (array_agg(tg_id ORDER BY subscription_end DESC, tg_id DESC))[1] AS last_id
            FROM due WHERE due.step = scan.step) x ON true
        WHERE s.step = scan.step
    )
    SELECT 1 FROM due GROUP BY step HAVING count(*) = :batch
    """  # noqa: S608 - constants
)
# Taken before it is sent, and for good: whoever dies behind this leaves it unsent rather than sent twice.
TAKE = statement(
    f"""
    WITH due AS (
        SELECT user_id, step, subscription_end FROM reminders WHERE attempted_at IS NULL AND next_attempt_at <= :now
        ORDER BY next_attempt_at, user_id LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE reminders taken SET attempted_at = :now
    FROM due JOIN users ON users.tg_id = due.user_id LEFT JOIN renewals agreed ON agreed.user_id = due.user_id
    WHERE taken.user_id = due.user_id AND taken.step = due.step AND taken.subscription_end = due.subscription_end
    RETURNING users.tg_id, taken.step, taken.subscription_end AS of_end, users.language, users.wants_reminders,
              NOT users.is_banned AND users.gone_at IS NULL AS is_reachable, users.active_plan = :plan_key AS is_trial,
              COALESCE(agreed.next_attempt_at <= :until, false) AS is_renewing, {STANDING}
    """  # noqa: S608 - constants
)
OF = "user_id = :tg_id AND step = :step AND subscription_end = :subscription_end AND outcome IS NULL"
CLOSE = statement(f"UPDATE reminders SET outcome = :outcome WHERE {OF}")  # noqa: S608 - constant
RELEASE = statement(f"UPDATE reminders SET attempted_at = NULL, next_attempt_at = :at WHERE {OF}")  # noqa: S608
WANTS = statement("SELECT wants_reminders FROM users WHERE tg_id = :tg_id")
SET_WANTED = statement("UPDATE users SET wants_reminders = :wanted WHERE tg_id = :tg_id")


class ReminderRepository:
    """Implements services.renewal_records.ReminderStore."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_begun = False

    async def write_due(self, now: datetime, limit: int) -> bool:
        """Write what has come due since the last look, up to `limit` of a step; whether more is left."""
        if not self._has_begun:
            await self._database.run(BEGIN, {"rules": RULES, "now": now})
            failpoint("reminder.begun")
            self._has_begun = True
        rows = await self._database.run(WRITE, {"rules": RULES, "now": now, "batch": limit})
        failpoint("reminder.written")
        return bool(rows)

    async def take(self, now: datetime, lease: timedelta) -> Reminder | None:
        """Take one that is due, for good."""
        rows = await self._database.run(TAKE, {"now": now, "until": now + lease, "plan_key": TRIAL_PLAN})
        failpoint("reminder.taken")
        if not rows:
            return None
        (row,) = rows
        return Reminder(
            recipient=row.tg_id,
            step=Step(row.step),
            subscription_end=row.of_end,
            language=row.language,
            is_reachable=row.is_reachable,
            wants_reminders=row.wants_reminders,
            is_trial=bool(row.is_trial),
            is_renewing=row.is_renewing,
            now=renewing(row),
        )

    async def close(self, reminder: Reminder, outcome: Outcome) -> None:
        """Store what became of it."""
        await self._database.run(CLOSE, {**_key(reminder), "outcome": outcome.value})
        failpoint("reminder.closed")

    async def release(self, reminder: Reminder, at: datetime) -> None:
        """Surely nothing was sent: it may be taken again at `at`."""
        await self._database.run(RELEASE, {**_key(reminder), "at": at})
        failpoint("reminder.released")

    async def wants(self, tg_id: int) -> bool:
        """Whether this person wants to be reminded."""
        rows = await self._database.run(WANTS, {"tg_id": tg_id})
        if not rows:
            raise NotFound
        return bool(rows[0].wants_reminders)

    async def set_wanted(self, tg_id: int, *, wanted: bool) -> None:
        """Remember whether they do."""
        await self._database.run(SET_WANTED, {"tg_id": tg_id, "wanted": wanted})
        failpoint("reminder.switched")


def _key(reminder: Reminder) -> dict[str, object]:
    return {
        "tg_id": reminder.recipient,
        "step": reminder.step.value,
        "subscription_end": reminder.subscription_end,
    }
