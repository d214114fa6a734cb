"""Bans with reasons and ends; tickets of support, with their topics and the messages that go across.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "bans",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("banned_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.CheckConstraint("until > banned_at", name=op.f("ck_bans_ends_later")),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_bans_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bans")),
    )
    op.create_index(
        "uq_bans_standing", "bans", ["user_id"], unique=True, postgresql_where=sa.text("lifted_at IS NULL")
    )
    # Who was banned by hand until now goes on to be, and is on the list.
    op.execute(
        "INSERT INTO bans (user_id, reason, who, banned_at)"
        " SELECT tg_id, COALESCE(ban_reason, ''), '', now() FROM users WHERE is_banned"
    )
    op.create_table(
        "support_topics",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("is_closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.tg_id"], name=op.f("fk_support_topics_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("user_id", "chat_id", name=op.f("pk_support_topics")),
        sa.UniqueConstraint("chat_id", "thread_id", name=op.f("uq_support_topics_chat_id_thread_id")),
    )
    op.create_table(
        "support_tickets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("carded_at", INSTANT, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("is_untold", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("category IN ('payment', 'vpn', 'other')", name=op.f("ck_support_tickets_category_known")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.tg_id"], name=op.f("fk_support_tickets_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_tickets")),
    )
    op.create_index("ix_support_tickets_user", "support_tickets", ["user_id", "id"])
    op.create_index(
        "uq_support_tickets_open",
        "support_tickets",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_support_tickets_untold", "support_tickets", ["id"], postgresql_where=sa.text("is_untold"))
    op.create_table(
        "support_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("is_answer", sa.Boolean(), nullable=False),
        sa.Column("author", sa.BigInteger(), nullable=True),
        sa.Column("reply_to", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default="due", nullable=False),
        sa.Column("copy_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("status IN ('due', 'sent', 'failed')", name=op.f("ck_support_messages_status_known")),
        sa.CheckConstraint("(status = 'sent') = (copy_id IS NOT NULL)", name=op.f("ck_support_messages_sent_has_copy")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["support_tickets.id"], name=op.f("fk_support_messages_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_messages")),
        sa.UniqueConstraint("chat_id", "message_id", name=op.f("uq_support_messages_chat_id_message_id")),
    )
    op.create_index(
        "ix_support_messages_due", "support_messages", ["next_attempt_at"], postgresql_where=sa.text("status = 'due'")
    )
    op.create_index("ix_support_messages_ticket", "support_messages", ["ticket_id", "id"])


def downgrade() -> None:
    op.drop_table("support_messages")
    op.drop_table("support_tickets")
    op.drop_table("support_topics")
    op.drop_table("bans")
