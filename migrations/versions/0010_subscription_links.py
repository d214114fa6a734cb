"""One stable subscription link a config, and the last good copy of what each kind of app got through it.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscription_links",
        sa.Column("config_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("sealed_token", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["config_id"], ["configs.id"], name=op.f("fk_subscription_links_config_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("config_id", name=op.f("pk_subscription_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_subscription_links_token_hash")),
    )
    op.create_table(
        "subscription_copies",
        sa.Column("config_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["config_id"], ["configs.id"], name=op.f("fk_subscription_copies_config_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("config_id", "kind", name=op.f("pk_subscription_copies")),
    )


def downgrade() -> None:
    op.drop_table("subscription_copies")
    op.drop_table("subscription_links")
