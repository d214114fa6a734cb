"""Refunds as an operator asks for them: the wish is stored before the provider is called.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refunds",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('open', 'done', 'refused')", name=op.f("ck_refunds_status_known")),
        sa.CheckConstraint("(status = 'open') = (closed_at IS NULL)", name=op.f("ck_refunds_closed_has_time")),
        sa.PrimaryKeyConstraint("gateway", "key", name=op.f("pk_refunds")),
    )
    op.create_index("ix_refunds_open", "refunds", ["gateway"], postgresql_where=sa.text("status = 'open'"))
    op.execute("CREATE TRIGGER kept BEFORE DELETE ON refunds FOR EACH ROW EXECUTE FUNCTION money_history_is_kept()")


def downgrade() -> None:
    op.drop_table("refunds")
