"""Panels of other kinds than Marzban, and how each of them proves who it is.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLE = "marzban_instances"
CHECKS = {
    "kind_known": "kind IN ('marzban', 'pasarguard')",
    "tls_known": "tls IN ('verify', 'insecure')",
    "access_profile_is_object": "jsonb_typeof(access_profile) = 'object'",
}


def upgrade() -> None:
    # Each with a default: an INSERT that knows nothing of them goes on working.
    op.add_column(TABLE, sa.Column("kind", sa.Text(), server_default="marzban", nullable=False))
    op.add_column(TABLE, sa.Column("tls", sa.Text(), server_default="verify", nullable=False))
    op.add_column(TABLE, sa.Column("ca_pem", sa.Text(), nullable=True))
    op.add_column(
        TABLE,
        sa.Column("access_profile", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
    )
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE, rule)


def downgrade() -> None:
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE, type_="check")
    for column in ("access_profile", "ca_pem", "tls", "kind"):
        op.drop_column(TABLE, column)
