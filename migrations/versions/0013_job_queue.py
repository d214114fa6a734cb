"""The job queue: pgqueuer's tables in a schema of their own, and what wakes jobs in the transaction of a change.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LIBRARY = Path(__file__).parents[1] / "pgqueuer-1.6.0.sql"
# The library tells workers of every row that was finished, which costs each of them four round trips, and of none that
# comes back to be tried again.
TELL = """
DROP TRIGGER tg_pgqueuer_changed ON jobs.pgqueuer;
CREATE TRIGGER tg_pgqueuer_changed AFTER INSERT ON jobs.pgqueuer EXECUTE FUNCTION jobs.fn_pgqueuer_changed();
CREATE TRIGGER pgqueuer_comes_back AFTER UPDATE ON jobs.pgqueuer FOR EACH ROW
    WHEN (NEW.status = 'queued' AND (OLD.status <> 'queued' OR NEW.execute_after < OLD.execute_after))
    EXECUTE FUNCTION jobs.fn_pgqueuer_changed();
"""
# A log of what went well would outgrow the shop within weeks and interests nobody.
KEEP_FAILURES = """
CREATE FUNCTION jobs.forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER only_failures BEFORE INSERT ON jobs.pgqueuer_log FOR EACH ROW WHEN (NEW.traceback IS NULL)
    EXECUTE FUNCTION jobs.forget();
CREATE TABLE jobs.periodic_failures (name text PRIMARY KEY, next_run timestamptz NOT NULL, reason text NOT NULL);
"""
# No statement can forget to enqueue, and none pays a round trip for it. A job names a kind of work and no row: which
# rows are due is decided by those who claim them.
WAKE = """
CREATE FUNCTION jobs.wake_by_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO jobs.pgqueuer (priority, entrypoint, status) VALUES (0, TG_ARGV[0], 'queued');
    RETURN NULL;
END $$;
CREATE FUNCTION jobs.wake_by_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM made) THEN
        INSERT INTO jobs.pgqueuer (priority, entrypoint, status) VALUES (0, TG_ARGV[0], 'queued');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER notices_wake AFTER INSERT ON notices REFERENCING NEW TABLE AS made FOR EACH STATEMENT
    EXECUTE FUNCTION jobs.wake_by_statement('notices');
CREATE TRIGGER configs_wake AFTER INSERT ON configs FOR EACH ROW WHEN (NEW.is_due)
    EXECUTE FUNCTION jobs.wake_by_row('provisioning');
CREATE TRIGGER configs_wake_again AFTER UPDATE OF revision ON configs FOR EACH ROW
    WHEN (NEW.is_due AND NEW.revision <> OLD.revision) EXECUTE FUNCTION jobs.wake_by_row('provisioning');
"""


def upgrade() -> None:
    for script in (LIBRARY.read_text("utf-8"), TELL, KEEP_FAILURES, WAKE):
        for command in _statements(script):
            op.get_bind().exec_driver_sql(command)


def downgrade() -> None:
    op.execute("DROP TRIGGER notices_wake ON notices")
    op.execute("DROP TRIGGER configs_wake ON configs")
    op.execute("DROP TRIGGER configs_wake_again ON configs")
    op.execute("DROP SCHEMA jobs CASCADE")


def _statements(script: str) -> list[str]:
    """One by one, as the driver prepares them; a function's own semicolons stand between its dollars."""
    commands, is_inside = [""], False
    for line in script.strip().splitlines():
        commands[-1] += f"{line}\n"
        is_inside ^= line.count("$$") % 2 == 1
        if line.endswith(";") and not is_inside:
            commands.append("")
    return [command for command in commands if command.strip()]
