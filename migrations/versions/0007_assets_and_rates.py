"""USDT beside the coin of the network, the wallet that each invoice names, and what a coin was worth at what time.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHOLE = "comment IS NOT NULL AND nano IS NOT NULL AND rate IS NOT NULL"
# Who used one wallet only has all his invoices there; of two, nobody can say any more.
OLD_ACCOUNT = """
    UPDATE payments SET account = (SELECT account FROM chain_cursors WHERE account <> 'stars')
    WHERE method = 'ton' AND (SELECT count(*) FROM chain_cursors WHERE account <> 'stars') = 1
"""


def upgrade() -> None:
    op.create_table(
        "rate_history",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rub", sa.Numeric(18, 6), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("rub > 0", name=op.f("ck_rate_history_rub_positive")),
        sa.PrimaryKeyConstraint("asset", "at", name=op.f("pk_rate_history")),
    )
    op.add_column("ton_transactions", sa.Column("asset", sa.Text(), server_default="ton", nullable=False))
    op.create_check_constraint(op.f("ck_ton_transactions_asset_known"), "ton_transactions", "asset IN ('ton', 'usdt')")
    op.add_column("ton_transactions", sa.Column("rate_source", sa.Text(), nullable=True))
    op.add_column("ton_transactions", sa.Column("rate_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("ck_payments_ton_is_whole"), "payments", type_="check")
    op.create_check_constraint(
        op.f("ck_payments_ton_is_whole"), "payments", f"method NOT IN ('ton', 'usdt') OR ({WHOLE})"
    )
    op.add_column("payments", sa.Column("account", sa.Text(), nullable=True))
    op.execute(OLD_ACCOUNT)
    op.execute("INSERT INTO ledger_accounts (code) VALUES ('gateway:usdt')")


def downgrade() -> None:
    op.execute("DELETE FROM ledger_accounts WHERE code = 'gateway:usdt'")
    op.drop_column("payments", "account")
    op.drop_constraint(op.f("ck_payments_ton_is_whole"), "payments", type_="check")
    op.create_check_constraint(op.f("ck_payments_ton_is_whole"), "payments", f"method <> 'ton' OR ({WHOLE})")
    op.drop_column("ton_transactions", "rate_at")
    op.drop_column("ton_transactions", "rate_source")
    op.drop_constraint(op.f("ck_ton_transactions_asset_known"), "ton_transactions", type_="check")
    op.drop_column("ton_transactions", "asset")
    op.drop_table("rate_history")
