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
APPEND_ONLY = ("ledger_transactions", "ledger_entries", "ton_transactions", "purchases")

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
    for table in APPEND_ONLY:
        changes = "DELETE" if table == "ton_transactions" else "UPDATE OR DELETE"
        op.execute(
            f"CREATE TRIGGER kept BEFORE {changes} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION money_history_is_kept()"
        )
    op.execute(
        "CREATE TRIGGER kept BEFORE DELETE ON payments FOR EACH ROW"
        " WHEN (OLD.status <> 'failed') EXECUTE FUNCTION money_history_is_kept()"
    )


def downgrade() -> None:
    for table in (*APPEND_ONLY, "payments"):
        op.execute(f"DROP TRIGGER kept ON {table}")
    op.execute("DROP TRIGGER balanced ON ledger_entries")
    op.execute("DROP FUNCTION money_history_is_kept()")
    op.execute("DROP FUNCTION ledger_is_balanced()")
    accounts = ", ".join(f"'{code}'" for code in SYSTEM_ACCOUNTS)
    op.execute(f"DELETE FROM ledger_accounts WHERE code IN ({accounts})")  # noqa: S608 - constants above
