"""Living configs end when their account's subscription does, whatever moves that end and whatever runs beside it.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A statement sees what was committed when it began; one that waited for the account's row may have missed a config
# that was wished for meanwhile. A function looks anew. What is due since its creation is due by any clock.
FOLLOW = """
CREATE FUNCTION configs_follow_subscription() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE configs SET expires_at = NEW.subscription_end, revision = revision + 1, is_due = true, attempts = 0,
           next_attempt_at = LEAST(next_attempt_at, created_at)
    WHERE user_id = NEW.tg_id AND status IN ('creating', 'active') AND server_id IS NULL
      AND expires_at <> NEW.subscription_end;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(FOLLOW)
    op.execute(
        "CREATE TRIGGER configs_follow AFTER UPDATE OF subscription_end ON users FOR EACH ROW"
        " WHEN (NEW.subscription_end IS DISTINCT FROM OLD.subscription_end)"
        " EXECUTE FUNCTION configs_follow_subscription()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER configs_follow ON users")
    op.execute("DROP FUNCTION configs_follow_subscription()")
