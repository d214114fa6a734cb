"""Panels bear a country, configs may wish for one, guides stand in messages, and traffic is kept by the day.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def of_config(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["config_id"], ["configs.id"], name=op.f(f"fk_{table}_config_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.add_column("marzban_instances", sa.Column("country", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_marzban_instances_country_is_code"), "marzban_instances", "country ~ '^[A-Z]{2}$'"
    )
    # No default and no check: neither reads or rewrites what is there. Both are written by the shop alone.
    op.add_column("configs", sa.Column("country", sa.Text(), nullable=True))
    op.add_column("configs", sa.Column("guide", sa.Text(), nullable=True))
    op.add_column(
        "config_moves", sa.Column("is_wished", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "config_traffic_days",
        sa.Column("config_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_config_traffic_days_bytes_not_negative")),
        of_config("config_traffic_days"),
        sa.PrimaryKeyConstraint("config_id", "day", name=op.f("pk_config_traffic_days")),
    )
    # Old days are forgotten by the batch.
    op.create_index(op.f("ix_config_traffic_days_day"), "config_traffic_days", ["day"])
    op.create_table(
        "config_counters",
        sa.Column("config_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("used_bytes", sa.BigInteger(), nullable=False),
        sa.Column("limit_bytes", sa.BigInteger(), nullable=True),
        sa.Column("grown_bytes", sa.BigInteger(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        of_config("config_counters"),
        sa.PrimaryKeyConstraint("config_id", name=op.f("pk_config_counters")),
    )


def downgrade() -> None:
    op.drop_table("config_counters")
    op.drop_table("config_traffic_days")
    op.drop_column("config_moves", "is_wished")
    op.drop_column("configs", "guide")
    op.drop_column("configs", "country")
    op.drop_constraint(op.f("ck_marzban_instances_country_is_code"), "marzban_instances", type_="check")
    op.drop_column("marzban_instances", "country")
