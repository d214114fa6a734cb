"""A panel in service keeps no configs when it is switched off by plain SQL, and who waits for a config comes first.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# What `panels off` wished counts until the panel is back in service, however it came back.
NOTHING_KEPT = """
CREATE FUNCTION panel_in_service_keeps_nothing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.keeps_configs := false;
    RETURN NEW;
END $$
"""
TURNS = ("(status <> 'creating')", "(moved_from IS NOT NULL AND delivered_at IS NULL)")


def upgrade() -> None:
    op.execute("UPDATE marzban_instances SET keeps_configs = false WHERE is_active AND keeps_configs")
    op.execute(NOTHING_KEPT)
    op.execute(
        "CREATE TRIGGER keeps_nothing BEFORE INSERT OR UPDATE ON marzban_instances FOR EACH ROW"
        " WHEN (NEW.is_active AND NEW.keeps_configs) EXECUTE FUNCTION panel_in_service_keeps_nothing()"
    )
    op.create_index(
        "ix_configs_turn", "configs", [*map(sa.text, TURNS), "next_attempt_at"], postgresql_where=sa.text("is_due")
    )


def downgrade() -> None:
    op.drop_index("ix_configs_turn", table_name="configs")
    op.execute("DROP TRIGGER keeps_nothing ON marzban_instances")
    op.execute("DROP FUNCTION panel_in_service_keeps_nothing()")
