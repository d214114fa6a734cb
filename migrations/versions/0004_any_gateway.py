"""Payments by any gateway: what TON alone needs becomes optional, receipts and updates that carry money are kept.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TON_ONLY: dict[str, TypeEngine[Any]] = {
    "comment": sa.Text(),
    "nano": sa.BigInteger(),
    "rate": sa.Numeric(18, 6),
    "rate_source": sa.Text(),
    "rate_at": sa.DateTime(timezone=True),
}
TON_IS_WHOLE = "method <> 'ton' OR (comment IS NOT NULL AND nano IS NOT NULL AND rate IS NOT NULL)"


def upgrade() -> None:
    for column, kind in TON_ONLY.items():
        op.alter_column("payments", column, existing_type=kind, nullable=True)
    op.create_check_constraint(op.f("ck_payments_ton_is_whole"), "payments", TON_IS_WHOLE)
    op.add_column("payments", sa.Column("stars", sa.Integer(), nullable=True))
    op.add_column("payments", sa.Column("external_id", sa.Text(), nullable=True))
    op.add_column("payments", sa.Column("pay_url", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_payments_method_external_id"), "payments", ["method", "external_id"])
    op.drop_constraint("pk_payment_tombstones", "payment_tombstones", type_="primary")
    op.drop_constraint("uq_payment_tombstones_payment_id", "payment_tombstones", type_="unique")
    op.create_primary_key("pk_payment_tombstones", "payment_tombstones", ["payment_id"])
    op.create_unique_constraint(op.f("uq_payment_tombstones_comment"), "payment_tombstones", ["comment"])
    for column in ("comment", "nano", "rate"):
        op.alter_column("payment_tombstones", column, existing_type=TON_ONLY[column], nullable=True)
    op.add_column("payment_tombstones", sa.Column("external_id", sa.Text(), nullable=True))
    op.create_table(
        "receipts",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("asset_amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("credited", sa.Numeric(14, 2), nullable=True),
        sa.Column("debt", sa.Numeric(14, 2), server_default="0", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_receipts_direction_known")),
        sa.CheckConstraint("status IN ('credited', 'unmatched')", name=op.f("ck_receipts_status_known")),
        sa.CheckConstraint(
            "(status = 'credited') = (credited IS NOT NULL)", name=op.f("ck_receipts_credited_has_amount")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_receipts_payment_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_receipts_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("gateway", "key", "direction", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_payment_id"), "receipts", ["payment_id"])
    op.create_table(
        "money_updates",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("bot_id", "update_id", name=op.f("pk_money_updates")),
    )
    op.create_index(
        "ix_money_updates_due",
        "money_updates",
        ["next_attempt_at"],
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.execute(
        "CREATE TRIGGER kept BEFORE DELETE ON receipts FOR EACH ROW EXECUTE FUNCTION money_history_is_kept()"
    )
    op.execute("INSERT INTO ledger_accounts (code) VALUES ('debts')")


def downgrade() -> None:
    op.execute("DELETE FROM ledger_accounts WHERE code = 'debts'")
    op.drop_table("money_updates")
    op.drop_table("receipts")
    op.drop_column("payment_tombstones", "external_id")
    op.drop_constraint("uq_payment_tombstones_comment", "payment_tombstones", type_="unique")
    op.drop_constraint("pk_payment_tombstones", "payment_tombstones", type_="primary")
    op.create_primary_key("pk_payment_tombstones", "payment_tombstones", ["comment"])
    op.create_unique_constraint("uq_payment_tombstones_payment_id", "payment_tombstones", ["payment_id"])
    for column in ("external_id", "stars", "pay_url"):
        op.drop_column("payments", column)
    op.drop_constraint(op.f("ck_payments_ton_is_whole"), "payments", type_="check")
    for column, kind in TON_ONLY.items():
        op.alter_column("payments", column, existing_type=kind, nullable=False)
    for column in ("comment", "nano", "rate"):
        op.alter_column("payment_tombstones", column, existing_type=TON_ONLY[column], nullable=False)
