"""first schema

Revision ID: 0001
Revises: none
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chain_cursors",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("lt", sa.BigInteger(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_chain_cursors")),
    )
    op.create_table(
        "ledger_transactions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transactions")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_transactions_key")),
    )
    op.create_table(
        "marzban_instances",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="100", nullable=False),
        sa.Column("excluded_node_names", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marzban_instances")),
        sa.UniqueConstraint("base_url", name=op.f("uq_marzban_instances_base_url")),
    )
    op.create_table(
        "promocodes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('percent', 'balance', 'days')", name=op.f("ck_promocodes_kind_known")),
        sa.CheckConstraint(
            "used >= 0 AND (most_uses IS NULL OR used <= most_uses)", name=op.f("ck_promocodes_within_limit")
        ),
        sa.CheckConstraint("value > 0", name=op.f("ck_promocodes_value_positive")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_promocodes")),
    )
    op.create_table(
        "servers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_servers")),
    )
    op.create_table(
        "trial_grants",
        sa.Column("account_hash", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_hash", name=op.f("pk_trial_grants")),
    )
    op.create_table(
        "users",
        sa.Column("tg_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("language", sa.Text(), server_default="ru", nullable=False),
        sa.Column("first_name", sa.Text(), server_default="", nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("balance", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("subscription_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active_plan", sa.Text(), nullable=True),
        sa.Column("max_configs", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_banned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ban_reason", sa.Text(), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_users_balance_not_negative")),
        sa.CheckConstraint("tg_id > 0", name=op.f("ck_users_tg_id_positive")),
        sa.PrimaryKeyConstraint("tg_id", name=op.f("pk_users")),
    )
    op.create_table(
        "configs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="creating", nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=True),
        sa.Column("server_id", sa.BigInteger(), nullable=True),
        sa.Column("marzban_username", sa.Text(), nullable=False),
        sa.Column("subscription_url", sa.Text(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("is_due", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status <> 'active' OR link IS NOT NULL", name=op.f("ck_configs_active_has_link")),
        sa.CheckConstraint(
            "status IN ('creating', 'active', 'deleting', 'deleted')", name=op.f("ck_configs_status_known")
        ),
        sa.CheckConstraint("instance_id IS NULL OR server_id IS NULL", name=op.f("ck_configs_one_home")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["marzban_instances.id"], name=op.f("fk_configs_instance_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name=op.f("fk_configs_server_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_configs_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configs")),
        sa.UniqueConstraint("marzban_username", name=op.f("uq_configs_marzban_username")),
        sa.UniqueConstraint("user_id", "intent", name=op.f("uq_configs_user_id_intent")),
    )
    op.create_index("ix_configs_due", "configs", ["next_attempt_at"], unique=False, postgresql_where=sa.text("is_due"))
    op.create_index(op.f("ix_configs_instance_id"), "configs", ["instance_id"], unique=False)
    op.create_index(
        "uq_configs_slot",
        "configs",
        ["user_id", "slot"],
        unique=True,
        postgresql_where=sa.text("status IN ('creating', 'active')"),
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.tg_id"], name=op.f("fk_ledger_accounts_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("user_id", name=op.f("uq_ledger_accounts_user_id")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recipient", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["recipient"], ["users.tg_id"], name=op.f("fk_notices_recipient"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    op.create_index(
        "ix_notices_due", "notices", ["next_attempt_at"], unique=False, postgresql_where=sa.text("sent_at IS NULL")
    )
    op.create_table(
        "payment_tombstones",
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("nano", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.tg_id"], name=op.f("fk_payment_tombstones_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("comment", name=op.f("pk_payment_tombstones")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_payment_tombstones_payment_id")),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("nano", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("rate_source", sa.Text(), nullable=False),
        sa.Column("rate_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'confirmed') = (confirmed_at IS NOT NULL)", name=op.f("ck_payments_confirmed_has_time")
        ),
        sa.CheckConstraint("(status = 'failed') = (reason IS NOT NULL)", name=op.f("ck_payments_failed_has_reason")),
        sa.CheckConstraint("status IN ('pending', 'confirmed', 'failed')", name=op.f("ck_payments_status_known")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_payments_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("comment", name=op.f("uq_payments_comment")),
    )
    op.create_index(
        "ix_payments_pending",
        "payments",
        ["method", "expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_payments_unpaid", "payments", ["created_at"], unique=False, postgresql_where=sa.text("status = 'failed'")
    )
    op.create_index("ix_payments_user", "payments", ["user_id", "id"], unique=False)
    op.create_table(
        "purchases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("subscription_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_purchases_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchases")),
        sa.UniqueConstraint("user_id", "intent", name=op.f("uq_purchases_user_id_intent")),
    )
    op.create_table(
        "referrals",
        sa.Column("referee_id", sa.BigInteger(), nullable=False),
        sa.Column("referrer_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bonus", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("bonus_for", sa.Text(), nullable=True),
        sa.Column("bonus_paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("referee_id <> referrer_id", name=op.f("ck_referrals_not_oneself")),
        sa.ForeignKeyConstraint(
            ["referee_id"], ["users.tg_id"], name=op.f("fk_referrals_referee_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["referrer_id"], ["users.tg_id"], name=op.f("fk_referrals_referrer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("referee_id", name=op.f("pk_referrals")),
    )
    op.create_index(op.f("ix_referrals_referrer_id"), "referrals", ["referrer_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entries_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["account"], ["ledger_accounts.code"], name=op.f("fk_ledger_entries_account"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transactions.id"],
            name=op.f("fk_ledger_entries_transaction_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(op.f("ix_ledger_entries_account"), "ledger_entries", ["account"], unique=False)
    op.create_index(op.f("ix_ledger_entries_transaction_id"), "ledger_entries", ["transaction_id"], unique=False)
    op.create_table(
        "ton_transactions",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("lt", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("nano", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("credited", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("rate", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'credited') = (credited IS NOT NULL)", name=op.f("ck_ton_transactions_credited_has_amount")
        ),
        sa.CheckConstraint(
            "(status = 'credited') = (rate IS NOT NULL)", name=op.f("ck_ton_transactions_credited_has_rate")
        ),
        sa.CheckConstraint(
            "status IN ('credited', 'unmatched', 'ignored')", name=op.f("ck_ton_transactions_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_ton_transactions_payment_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.tg_id"], name=op.f("fk_ton_transactions_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_ton_transactions")),
        sa.UniqueConstraint("account", "lt", name=op.f("uq_ton_transactions_account_lt")),
    )
    op.create_index(op.f("ix_ton_transactions_payment_id"), "ton_transactions", ["payment_id"], unique=False)
    op.create_index(
        "ix_ton_transactions_unmatched",
        "ton_transactions",
        ["at"],
        unique=False,
        postgresql_where=sa.text("status = 'unmatched'"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_ton_transactions_unmatched", table_name="ton_transactions", postgresql_where=sa.text("status = 'unmatched'")
    )
    op.drop_index(op.f("ix_ton_transactions_payment_id"), table_name="ton_transactions")
    op.drop_table("ton_transactions")
    op.drop_index(op.f("ix_ledger_entries_transaction_id"), table_name="ledger_entries")
    op.drop_index(op.f("ix_ledger_entries_account"), table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index(op.f("ix_referrals_referrer_id"), table_name="referrals")
    op.drop_table("referrals")
    op.drop_table("purchases")
    op.drop_index("ix_payments_user", table_name="payments")
    op.drop_index("ix_payments_unpaid", table_name="payments", postgresql_where=sa.text("status = 'failed'"))
    op.drop_index("ix_payments_pending", table_name="payments", postgresql_where=sa.text("status = 'pending'"))
    op.drop_table("payments")
    op.drop_table("payment_tombstones")
    op.drop_index("ix_notices_due", table_name="notices", postgresql_where=sa.text("sent_at IS NULL"))
    op.drop_table("notices")
    op.drop_table("ledger_accounts")
    op.drop_index("uq_configs_slot", table_name="configs", postgresql_where=sa.text("status IN ('creating', 'active')"))
    op.drop_index(op.f("ix_configs_instance_id"), table_name="configs")
    op.drop_index("ix_configs_due", table_name="configs", postgresql_where=sa.text("is_due"))
    op.drop_table("configs")
    op.drop_table("users")
    op.drop_table("trial_grants")
    op.drop_table("servers")
    op.drop_table("promocodes")
    op.drop_table("marzban_instances")
    op.drop_table("ledger_transactions")
    op.drop_table("chain_cursors")
