"""YooKassa's side of the books, and refunds that give back a part of a charge: they have names of their own.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("INSERT INTO ledger_accounts (code) VALUES ('gateway:yookassa')")
    op.add_column("receipts", sa.Column("charge", sa.Text(), nullable=True))
    # Until now a charge was given back whole, under its own name.
    op.execute("UPDATE receipts SET charge = key WHERE direction = 'out'")
    op.create_check_constraint(
        op.f("ck_receipts_refund_has_charge"), "receipts", "(direction = 'out') = (charge IS NOT NULL)"
    )
    op.create_index(
        "ix_receipts_charge", "receipts", ["gateway", "charge"], postgresql_where=sa.text("direction = 'out'")
    )


def downgrade() -> None:
    op.drop_index("ix_receipts_charge", "receipts")
    op.drop_constraint(op.f("ck_receipts_refund_has_charge"), "receipts", type_="check")
    op.drop_column("receipts", "charge")
    op.execute("DELETE FROM ledger_accounts WHERE code = 'gateway:yookassa'")
