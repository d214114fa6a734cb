"""Promo codes with their uses, gifts, and days that were given rather than bought.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
RUB = sa.Numeric(14, 2)
# (name, condition) of what the codes' table must hold beyond its first form.
CODE_CHECKS = (
    ("code_normal", "code ~ '^[A-Z0-9]{3,32}$'"),
    ("percent_leaves_a_price", "kind <> 'percent' OR (value < 100 AND value = trunc(value))"),
    ("days_are_whole", "kind <> 'days' OR value = trunc(value)"),
    ("per_person_positive", "per_person > 0"),
    ("window_not_empty", "valid_from < valid_until"),
)
GIFT_IS_REWRITTEN = (
    "OLD.redeemed_at IS NOT NULL OR (OLD.giver_id, OLD.code, OLD.days, OLD.price, OLD.discount, OLD.promo_use_id)"
    " IS DISTINCT FROM (NEW.giver_id, NEW.code, NEW.days, NEW.price, NEW.discount, NEW.promo_use_id)"
)
# A reservation may go; what was used, given and paid stays as it is.
REFUSALS = (
    ("promo_uses", "UPDATE", "OLD.status = 'used'"),
    ("promo_uses", "DELETE", "OLD.status = 'used'"),
    ("grants", "UPDATE", "true"),
    ("grants", "DELETE", "true"),
    ("gifts", "UPDATE", GIFT_IS_REWRITTEN),
    ("gifts", "DELETE", "true"),
)


def upgrade() -> None:
    op.add_column("promocodes", sa.Column("per_person", sa.Integer(), server_default="1", nullable=False))
    op.add_column("promocodes", sa.Column("valid_from", INSTANT, nullable=True))
    op.add_column(
        "promocodes", sa.Column("first_purchase", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("promocodes", sa.Column("stopped_at", INSTANT, nullable=True))
    for name, condition in CODE_CHECKS:
        op.create_check_constraint(op.f(f"ck_promocodes_{name}"), "promocodes", condition)
    _create_uses()
    op.create_table(
        "promo_misses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_promo_misses_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promo_misses")),
    )
    op.create_index(op.f("ix_promo_misses_user_id"), "promo_misses", ["user_id"])
    _extend_purchases()
    _create_gifts()
    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("subscription_end", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("ck_grants_days_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_grants_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("key", name=op.f("uq_grants_key")),
    )
    op.create_index(op.f("ix_grants_user_id"), "grants", ["user_id"])
    for table, change, where in REFUSALS:
        op.execute(
            f"CREATE TRIGGER kept_on_{change.lower()} BEFORE {change} ON {table}"
            f" FOR EACH ROW WHEN ({where}) EXECUTE FUNCTION money_history_is_kept()"
        )
    for table in ("promo_uses", "grants", "gifts"):
        op.execute(
            f"CREATE TRIGGER kept_on_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION money_history_is_kept()"
        )
    op.execute("INSERT INTO ledger_accounts (code) VALUES ('promotions')")


def _create_uses() -> None:
    op.create_table(
        "promo_uses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", RUB, nullable=False),
        sa.Column("first_purchase", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("holds_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.CheckConstraint("status IN ('reserved', 'used')", name=op.f("ck_promo_uses_status_known")),
        sa.CheckConstraint(
            "status <> 'reserved' OR (kind = 'percent' AND holds_until IS NOT NULL)",
            name=op.f("ck_promo_uses_only_a_discount_waits"),
        ),
        sa.CheckConstraint("(status = 'used') = (used_at IS NOT NULL)", name=op.f("ck_promo_uses_used_has_time")),
        sa.CheckConstraint("number > 0", name=op.f("ck_promo_uses_number_positive")),
        sa.ForeignKeyConstraint(["code"], ["promocodes.code"], name=op.f("fk_promo_uses_code"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["user_id"], ["users.tg_id"], name=op.f("fk_promo_uses_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promo_uses")),
        sa.UniqueConstraint("code", "user_id", "number", name=op.f("uq_promo_uses_code_user_id_number")),
        sa.UniqueConstraint("user_id", "intent", name=op.f("uq_promo_uses_user_id_intent")),
    )
    op.create_index(
        "uq_promo_uses_reserved",
        "promo_uses",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status = 'reserved'"),
    )
    op.create_index(
        "ix_promo_uses_lapsing", "promo_uses", ["holds_until"], postgresql_where=sa.text("status = 'reserved'")
    )


def _extend_purchases() -> None:
    """What was taken off the list price, beside the price that was paid."""
    op.add_column("purchases", sa.Column("discount", RUB, server_default="0", nullable=False))
    op.add_column("purchases", sa.Column("list_price", RUB, sa.Computed("price + discount", persisted=True)))
    op.add_column("purchases", sa.Column("promo_use_id", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_purchases_discount_has_its_code"),
        "purchases",
        "discount = 0 OR (discount > 0 AND promo_use_id IS NOT NULL)",
    )
    op.create_foreign_key(
        op.f("fk_purchases_promo_use_id"), "purchases", "promo_uses", ["promo_use_id"], ["id"], ondelete="RESTRICT"
    )
    op.create_unique_constraint(op.f("uq_purchases_promo_use_id"), "purchases", ["promo_use_id"])


def _create_gifts() -> None:
    op.create_table(
        "gifts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("giver_id", sa.BigInteger(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("max_configs", sa.Integer(), nullable=False),
        sa.Column("price", RUB, nullable=False),
        sa.Column("discount", RUB, server_default="0", nullable=False),
        sa.Column("list_price", RUB, sa.Computed("price + discount", persisted=True)),
        sa.Column("promo_use_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("redeemed_by", sa.BigInteger(), nullable=True),
        sa.Column("redeemed_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "(redeemed_by IS NULL) = (redeemed_at IS NULL)", name=op.f("ck_gifts_redeemed_by_somebody")
        ),
        sa.CheckConstraint(
            "discount = 0 OR (discount > 0 AND promo_use_id IS NOT NULL)", name=op.f("ck_gifts_discount_has_its_code")
        ),
        sa.ForeignKeyConstraint(["giver_id"], ["users.tg_id"], name=op.f("fk_gifts_giver_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["redeemed_by"], ["users.tg_id"], name=op.f("fk_gifts_redeemed_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["promo_use_id"], ["promo_uses.id"], name=op.f("fk_gifts_promo_use_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gifts")),
        sa.UniqueConstraint("code", name=op.f("uq_gifts_code")),
        sa.UniqueConstraint("giver_id", "intent", name=op.f("uq_gifts_giver_id_intent")),
        sa.UniqueConstraint("promo_use_id", name=op.f("uq_gifts_promo_use_id")),
    )


def downgrade() -> None:
    op.execute("DELETE FROM ledger_accounts WHERE code = 'promotions'")
    op.drop_table("grants")
    op.drop_table("gifts")
    op.drop_constraint(op.f("uq_purchases_promo_use_id"), "purchases", type_="unique")
    op.drop_constraint(op.f("fk_purchases_promo_use_id"), "purchases", type_="foreignkey")
    op.drop_constraint(op.f("ck_purchases_discount_has_its_code"), "purchases", type_="check")
    for column in ("promo_use_id", "list_price", "discount"):
        op.drop_column("purchases", column)
    op.drop_table("promo_misses")
    op.drop_table("promo_uses")
    for name, _ in CODE_CHECKS:
        op.drop_constraint(op.f(f"ck_promocodes_{name}"), "promocodes", type_="check")
    for column in ("stopped_at", "first_purchase", "valid_from", "per_person"):
        op.drop_column("promocodes", column)
