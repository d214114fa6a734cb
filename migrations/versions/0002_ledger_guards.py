"""The database itself keeps the books: movements sum to zero and nothing of money is rewritten or removed.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SYSTEM_ACCOUNTS = ("gateway:ton", "gateway:stars", "gateway:cryptobot", "sales", "bonuses", "adjustments")
# Which changes are refused, of which rows: a receipt may still be matched, an invoice that nobody paid may go.
REFUSALS = (
    ("ledger_transactions", "UPDATE", "true"),
    ("ledger_transactions", "DELETE", "true"),
    ("ledger_entries", "UPDATE", "true"),
    ("ledger_entries", "DELETE", "true"),
    ("purchases", "UPDATE", "true"),
    ("purchases", "DELETE", "true"),
    ("ton_transactions", "UPDATE", "OLD.status = 'credited'"),
    ("ton_transactions", "DELETE", "true"),
    ("payments", "DELETE", "OLD.status <> 'failed'"),
)
KEPT = sorted({table for table, _, _ in REFUSALS})

BALANCED = """
CREATE FUNCTION ledger_is_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount) FROM ledger_entries WHERE transaction_id = NEW.transaction_id) <> 0 THEN
        RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""

REFUSED = """
CREATE FUNCTION money_history_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: money history is kept', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    accounts = ", ".join(f"('{code}')" for code in SYSTEM_ACCOUNTS)
    op.execute(f"INSERT INTO ledger_accounts (code) VALUES {accounts}")  # noqa: S608 - constants above
    op.execute(BALANCED)
    op.execute(
        "CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_entries"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_is_balanced()"
    )
    op.execute(REFUSED)
    for table, change, where in REFUSALS:
        op.execute(
            f"CREATE TRIGGER kept_on_{change.lower()} BEFORE {change} ON {table}"
            f" FOR EACH ROW WHEN ({where}) EXECUTE FUNCTION money_history_is_kept()"
        )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER kept_on_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION money_history_is_kept()"
        )


def downgrade() -> None:
    for table, change, _ in REFUSALS:
        op.execute(f"DROP TRIGGER kept_on_{change.lower()} ON {table}")
    for table in KEPT:
        op.execute(f"DROP TRIGGER kept_on_truncate ON {table}")
    op.execute("DROP TRIGGER balanced ON ledger_entries")
    op.execute("DROP FUNCTION money_history_is_kept()")
    op.execute("DROP FUNCTION ledger_is_balanced()")
    accounts = ", ".join(f"'{code}'" for code in SYSTEM_ACCOUNTS)
    op.execute(f"DELETE FROM ledger_accounts WHERE code IN ({accounts})")  # noqa: S608 - constants above
