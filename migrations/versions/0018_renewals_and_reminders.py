"""Subscriptions that renew themselves, what people are reminded of, and how far the looks for that have come.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
RUB = sa.Numeric(14, 2)
# Whatever moves the end of a subscription, or raises a balance, needs to know nothing of renewals. An end that moves
# back was taken back: nothing is bought by itself until there is another one.
FOLLOW_END = """
CREATE FUNCTION renewals_follow_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE renewals SET tried_end = NULL,
           next_attempt_at = CASE WHEN NEW.subscription_end > COALESCE(OLD.subscription_end, '-infinity')
                                  THEN NEW.subscription_end - interval '24 hours' ELSE 'infinity' END
    WHERE user_id = NEW.tg_id;
    RETURN NULL;
END $$
"""
FOLLOW_MONEY = """
CREATE FUNCTION renewals_follow_money() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE renewals SET next_attempt_at = '-infinity' WHERE user_id = NEW.tg_id AND tried_end = NEW.subscription_end;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.add_column("users", sa.Column("wants_reminders", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_index("ix_users_ends", "users", ["subscription_end", "tg_id"])
    op.create_table(
        "renewals",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("price", RUB, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("max_configs", sa.Integer(), nullable=False),
        sa.Column("agreed_at", INSTANT, nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("tried_end", INSTANT, nullable=True),
        sa.CheckConstraint("price > 0", name=op.f("ck_renewals_price_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_renewals_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_renewals")),
    )
    op.create_index("ix_renewals_due", "renewals", ["next_attempt_at"])
    op.create_table(
        "reminders",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("subscription_end", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("attempted_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "step IN ('soon', 'last', 'ended', 'missed', 'unrenewed')", name=op.f("ck_reminders_step_known")
        ),
        sa.CheckConstraint(
            "outcome IN ('sent', 'void', 'gone', 'refused', 'unknown')", name=op.f("ck_reminders_outcome_known")
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR attempted_at IS NOT NULL", name=op.f("ck_reminders_outcome_of_an_attempt")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_reminders_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", "step", "subscription_end", name=op.f("pk_reminders")),
    )
    op.create_index(
        "ix_reminders_due", "reminders", ["next_attempt_at"], postgresql_where=sa.text("attempted_at IS NULL")
    )
    op.create_table(
        "reminder_scans",
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("seen_end", INSTANT, nullable=False),
        sa.Column("seen_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("step", name=op.f("pk_reminder_scans")),
    )
    op.execute(FOLLOW_END)
    op.execute(FOLLOW_MONEY)
    op.execute(
        "CREATE TRIGGER renewals_follow_end AFTER UPDATE OF subscription_end ON users FOR EACH ROW"
        " WHEN (NEW.subscription_end IS DISTINCT FROM OLD.subscription_end) EXECUTE FUNCTION renewals_follow_end()"
    )
    op.execute(
        "CREATE TRIGGER renewals_follow_money AFTER UPDATE OF balance ON users FOR EACH ROW"
        " WHEN (NEW.balance > OLD.balance) EXECUTE FUNCTION renewals_follow_money()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER renewals_follow_money ON users")
    op.execute("DROP TRIGGER renewals_follow_end ON users")
    op.execute("DROP FUNCTION renewals_follow_money()")
    op.execute("DROP FUNCTION renewals_follow_end()")
    for table in ("reminder_scans", "reminders", "renewals"):
        op.drop_table(table)
    op.drop_index("ix_users_ends", table_name="users")
    op.drop_column("users", "wants_reminders")
