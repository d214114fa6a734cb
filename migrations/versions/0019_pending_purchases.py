"""Purchases that wait for the money of a payment, and what has them looked at once it came.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
RUB = sa.Numeric(14, 2)

SHOWN = "user_id, intent, is_gift, plan_key, days, max_configs, list_price, price, promo_use, created_at"
# What was shown stays as it was; what became a sale does so once and for ever.
REWRITTEN = (
    f"OLD.status = 'bought' OR ({', '.join(f'OLD.{name}' for name in SHOWN.split(', '))})"
    f" IS DISTINCT FROM ({', '.join(f'NEW.{name}' for name in SHOWN.split(', '))})"
)
REFUSALS = (("UPDATE", REWRITTEN), ("DELETE", "OLD.status = 'bought'"))
# Of a page of the chain that brings money for many, one job is enough.
WAKE = """
CREATE FUNCTION jobs.wake_for_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM made WHERE status = 'due') THEN
        INSERT INTO jobs.pgqueuer (priority, entrypoint, status) VALUES (0, 'pending-purchases', 'queued');
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "pending_purchases",
        sa.Column("payment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("is_gift", sa.Boolean(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("max_configs", sa.Integer(), nullable=False),
        sa.Column("list_price", RUB, nullable=False),
        sa.Column("price", RUB, nullable=False),
        sa.Column("promo_use", sa.BigInteger(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("credited", RUB, server_default="0", nullable=False),
        sa.Column("paid_at", INSTANT, nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("gift_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'due', 'bought', 'short', 'changed', 'late', 'had', 'banned', 'cancelled')",
            name=op.f("ck_pending_purchases_status_known"),
        ),
        sa.CheckConstraint("price BETWEEN 0.01 AND list_price", name=op.f("ck_pending_purchases_price_within")),
        sa.CheckConstraint(
            "price = list_price OR promo_use IS NOT NULL", name=op.f("ck_pending_purchases_discount_has_its_code")
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'cancelled') OR due_at IS NOT NULL AND paid_at IS NOT NULL",
            name=op.f("ck_pending_purchases_money_has_time"),
        ),
        sa.CheckConstraint(
            "(status = 'bought') = (CASE WHEN is_gift THEN gift_id ELSE purchase_id END IS NOT NULL)",
            name=op.f("ck_pending_purchases_bought_is_a_sale"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_pending_purchases_payment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.tg_id"], name=op.f("fk_pending_purchases_user_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_pending_purchases_purchase_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["gift_id"], ["gifts.id"], name=op.f("fk_pending_purchases_gift_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_pending_purchases")),
        sa.UniqueConstraint("purchase_id", name=op.f("uq_pending_purchases_purchase_id")),
        sa.UniqueConstraint("gift_id", name=op.f("uq_pending_purchases_gift_id")),
    )
    op.create_index(
        "ix_pending_purchases_due", "pending_purchases", ["due_at"], postgresql_where=sa.text("status = 'due'")
    )
    for change, where in REFUSALS:
        op.execute(
            f"CREATE TRIGGER kept_on_{change.lower()} BEFORE {change} ON pending_purchases"
            f" FOR EACH ROW WHEN ({where}) EXECUTE FUNCTION money_history_is_kept()"
        )
    op.execute(
        "CREATE TRIGGER kept_on_truncate BEFORE TRUNCATE ON pending_purchases"
        " FOR EACH STATEMENT EXECUTE FUNCTION money_history_is_kept()"
    )
    op.execute(WAKE)
    op.execute(
        "CREATE TRIGGER pending_wake AFTER UPDATE ON pending_purchases REFERENCING NEW TABLE AS made"
        " FOR EACH STATEMENT EXECUTE FUNCTION jobs.wake_for_pending()"
    )


def downgrade() -> None:
    op.drop_table("pending_purchases")
    op.execute("DROP FUNCTION jobs.wake_for_pending()")
