"""What an operator does with money is logged for ever, what they are told waits in a table, settled money is kept.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATUSES = {
    "ton_transactions": ("'credited', 'unmatched', 'ignored'", "'credited', 'unmatched', 'dismissed', 'ignored'"),
    "receipts": ("'credited', 'unmatched'", "'credited', 'unmatched', 'dismissed'"),
}


def changed(*columns: str) -> str:
    """The condition under which one of the columns gets another value."""
    return " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)


# Which changes are refused beyond those of 0002 and 0004. What came in never changes; what became of it, once.
REFUSALS = (
    ("kept_as_paid", "payments", "UPDATE", "OLD.status = 'confirmed' AND (" + changed(
        "id", "user_id", "method", "account", "amount", "status", "reason", "comment", "nano", "stars", "rate",
        "rate_source", "rate_at", "created_at", "expires_at", "confirmed_at",
    ) + ")"),
    ("kept_as_came", "ton_transactions", "UPDATE", changed(
        "hash", "account", "asset", "lt", "at", "source", "nano", "verdict",
    )),
    ("kept_on_update", "receipts", "UPDATE", "OLD.status = 'credited'"),
    ("kept_as_came", "receipts", "UPDATE", changed(
        "gateway", "key", "direction", "asset", "asset_amount", "at", "debt",
    )),
    ("kept_on_update", "refunds", "UPDATE", "OLD.status = 'done' AND NEW.* IS DISTINCT FROM OLD.*"),
    ("kept_as_came", "refunds", "UPDATE", changed("gateway", "key")),
    ("kept_on_update", "payment_tombstones", "UPDATE", "true"),
    ("kept_on_delete", "payment_tombstones", "DELETE", "true"),
    ("kept_on_update", "ledger_accounts", "UPDATE", "true"),
    ("kept_on_delete", "ledger_accounts", "DELETE", "true"),
    ("kept_on_update", "referrals", "UPDATE", "OLD.bonus_paid_at IS NOT NULL"),
    ("kept_on_delete", "referrals", "DELETE", "true"),
    ("kept_on_delete", "money_updates", "DELETE", "OLD.handled_at IS NULL"),
    ("kept_on_update", "operator_log", "UPDATE", "true"),
    ("kept_on_delete", "operator_log", "DELETE", "true"),
)  # fmt: skip
NOT_EMPTIED = (
    "receipts", "refunds", "payment_tombstones", "ledger_accounts", "referrals", "money_updates", "operator_log",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "operator_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(14, 2), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("action IN ('assign', 'dismiss', 'adjust')", name=op.f("ck_operator_log_action_known")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.tg_id"], name=op.f("fk_operator_log_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_log")),
        sa.UniqueConstraint("key", name=op.f("uq_operator_log_key")),
    )
    op.create_index(op.f("ix_operator_log_user_id"), "operator_log", ["user_id"])
    op.create_table(
        "operator_notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("told", sa.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'::bigint[]"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_operator_notices_key")),
    )
    op.create_index(
        "ix_operator_notices_due", "operator_notices", ["next_attempt_at"], postgresql_where=sa.text("sent_at IS NULL")
    )
    op.create_table(
        "audit_runs",
        sa.Column("night", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("night", name=op.f("pk_audit_runs")),
    )
    op.create_table(
        "provider_sightings",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_sightings")),
    )
    for table, (_, now_known) in STATUSES.items():
        _know(table, now_known)
    op.create_index("ix_receipts_unmatched", "receipts", ["at"], postgresql_where=sa.text("status = 'unmatched'"))
    op.create_index("ix_receipts_debt", "receipts", ["at"], postgresql_where=sa.text("debt > 0"))
    for name, table, change, where in REFUSALS:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table}"
            f" FOR EACH ROW WHEN ({where}) EXECUTE FUNCTION money_history_is_kept()"
        )
    for table in NOT_EMPTIED:
        op.execute(
            f"CREATE TRIGGER kept_on_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION money_history_is_kept()"
        )


def downgrade() -> None:
    for table in NOT_EMPTIED:
        op.execute(f"DROP TRIGGER kept_on_truncate ON {table}")
    for name, table, _, _ in REFUSALS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.drop_index("ix_receipts_debt", table_name="receipts")
    op.drop_index("ix_receipts_unmatched", table_name="receipts")
    for table, (known_before, _) in STATUSES.items():
        op.execute(f"UPDATE {table} SET status = 'unmatched' WHERE status = 'dismissed'")  # noqa: S608 - constant
        _know(table, known_before)
    op.drop_table("provider_sightings")
    op.drop_table("audit_runs")
    op.drop_table("operator_notices")
    op.drop_table("operator_log")


def _know(table: str, statuses: str) -> None:
    name = f"ck_{table}_status_known"
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, f"status IN ({statuses})")
