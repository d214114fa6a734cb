"""When a config was first in working order and wished away, which were moved off legacy servers, and prices given back.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
RUB = sa.Numeric(14, 2)


def upgrade() -> None:
    op.add_column("configs", sa.Column("delivered_at", INSTANT, nullable=True))
    op.add_column("configs", sa.Column("doomed_at", INSTANT, nullable=True))
    op.add_column("configs", sa.Column("reported_at", INSTANT, nullable=True))
    op.add_column("configs", sa.Column("moved_from", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_configs_moved_from"), "configs", "servers", ["moved_from"], ["id"], ondelete="SET NULL"
    )
    # Of what was before nobody wrote down whether it ever worked: it did, so that nothing old is given back.
    op.execute("UPDATE configs SET delivered_at = created_at WHERE status <> 'creating'")
    op.create_index("ix_configs_server_id", "configs", ["server_id"], postgresql_where=sa.text("server_id IS NOT NULL"))
    op.create_table(
        "purchase_returns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", RUB, nullable=False),
        sa.Column("debt", RUB, nullable=False),
        sa.Column("end_before", INSTANT, nullable=False),
        sa.Column("subscription_end", INSTANT, nullable=False),
        sa.Column("last_purchase", sa.BigInteger(), nullable=False),
        sa.Column("last_grant", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_purchase_returns_amount_positive")),
        sa.CheckConstraint("debt BETWEEN 0 AND amount", name=op.f("ck_purchase_returns_debt_within")),
        sa.CheckConstraint("subscription_end <= end_before", name=op.f("ck_purchase_returns_time_is_taken")),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_purchase_returns_purchase_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.tg_id"], name=op.f("fk_purchase_returns_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_returns")),
        sa.UniqueConstraint("purchase_id", name=op.f("uq_purchase_returns_purchase_id")),
    )
    op.create_index(op.f("ix_purchase_returns_user_id"), "purchase_returns", ["user_id"])
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER kept_on_{change.lower()} BEFORE {change} ON purchase_returns"
            " FOR EACH ROW EXECUTE FUNCTION money_history_is_kept()"
        )
    op.execute(
        "CREATE TRIGGER kept_on_truncate BEFORE TRUNCATE ON purchase_returns"
        " FOR EACH STATEMENT EXECUTE FUNCTION money_history_is_kept()"
    )


def downgrade() -> None:
    op.drop_table("purchase_returns")
    op.drop_index("ix_configs_server_id", table_name="configs")
    op.drop_constraint(op.f("fk_configs_moved_from"), "configs", type_="foreignkey")
    for column in ("moved_from", "reported_at", "doomed_at", "delivered_at"):
        op.drop_column("configs", column)
