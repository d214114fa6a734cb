"""How many users a panel may have, and when a config's user was made: what the choice of panels counts.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("marzban_instances", sa.Column("capacity", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_marzban_instances_capacity_positive"), "marzban_instances", sa.text("capacity > 0")
    )
    op.add_column("configs", sa.Column("made_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_configs_creating", "configs", ["instance_id"], postgresql_where=sa.text("status = 'creating'")
    )
    op.create_index("ix_configs_made", "configs", ["made_at"], postgresql_where=sa.text("status = 'active'"))


def downgrade() -> None:
    op.drop_index("ix_configs_made", "configs")
    op.drop_index("ix_configs_creating", "configs")
    op.drop_column("configs", "made_at")
    op.drop_constraint(op.f("ck_marzban_instances_capacity_positive"), "marzban_instances")
    op.drop_column("marzban_instances", "capacity")
