"""Devices that fetched a subscription link, and pauses of configs that were used from too many addresses.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("config_id", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["config_id"],
            ["subscription_links.config_id"],
            name=op.f("fk_devices_config_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("config_id", "mark", name=op.f("uq_devices_config_id_mark")),
    )
    op.create_table(
        "address_pauses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("config_id", sa.BigInteger(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("addresses", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), server_default="wanted", nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('wanted', 'paused', 'over')", name=op.f("ck_address_pauses_status_known")),
        sa.CheckConstraint("status <> 'paused' OR ends_at IS NOT NULL", name=op.f("ck_address_pauses_paused_has_end")),
        sa.ForeignKeyConstraint(
            ["config_id"], ["configs.id"], name=op.f("fk_address_pauses_config_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_pauses")),
    )
    op.create_index(
        "uq_address_pauses_open",
        "address_pauses",
        ["config_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'over'"),
    )
    op.create_index(
        "ix_address_pauses_due",
        "address_pauses",
        ["next_attempt_at"],
        postgresql_where=sa.text("status <> 'over'"),
    )


def downgrade() -> None:
    op.drop_table("address_pauses")
    op.drop_table("devices")
