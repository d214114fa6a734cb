"""Configs move from panel to panel, what stays behind is remembered, and how far a look at each panel has come.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def of_config(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["config_id"], ["configs.id"], name=op.f(f"fk_{table}_config_id"), ondelete="CASCADE"
    )


def of_panel(table: str, column: str = "instance_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["marzban_instances.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def tries() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
    )


def upgrade() -> None:
    op.add_column(
        "marzban_instances", sa.Column("keeps_configs", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    # Until now a panel that was switched off kept what it had; it goes on doing so.
    op.execute("UPDATE marzban_instances SET keeps_configs = true WHERE NOT is_active")
    op.create_table(
        "config_moves",
        sa.Column("config_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        *tries(),
        sa.CheckConstraint("target <> source", name=op.f("ck_config_moves_goes_elsewhere")),
        of_config("config_moves"),
        of_panel("config_moves", "source"),
        of_panel("config_moves", "target"),
        sa.PrimaryKeyConstraint("config_id", name=op.f("pk_config_moves")),
    )
    op.create_index(op.f("ix_config_moves_next_attempt_at"), "config_moves", ["next_attempt_at"])
    op.create_table(
        "config_leftovers",
        sa.Column("config_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        *tries(),
        of_config("config_leftovers"),
        of_panel("config_leftovers"),
        sa.PrimaryKeyConstraint("config_id", "instance_id", name=op.f("pk_config_leftovers")),
    )
    op.create_index(op.f("ix_config_leftovers_next_attempt_at"), "config_leftovers", ["next_attempt_at"])
    op.create_table(
        "panel_sightings",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("looked_at", INSTANT, nullable=False),
        sa.Column("silent_since", INSTANT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        of_panel("panel_sightings"),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_panel_sightings")),
    )
    op.create_table(
        "panel_sweeps",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("phase", sa.Text(), server_default="done", nullable=False),
        sa.Column("after_config", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("users_seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("counts", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.CheckConstraint("phase IN ('configs', 'users', 'done')", name=op.f("ck_panel_sweeps_phase_known")),
        of_panel("panel_sweeps"),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_panel_sweeps")),
    )
    # What stands on a panel is walked in pages, and what has to leave it is picked in batches.
    op.create_index(
        "ix_configs_standing", "configs", ["instance_id", "id"], postgresql_where=sa.text("status = 'active'")
    )


def downgrade() -> None:
    op.drop_index("ix_configs_standing", table_name="configs")
    for table in ("panel_sweeps", "panel_sightings", "config_leftovers", "config_moves"):
        op.drop_table(table)
    op.drop_column("marzban_instances", "keeps_configs")
