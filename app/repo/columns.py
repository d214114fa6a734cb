"""The registry of tables and the kinds of column they share. Holds no table."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    MetaData,
    Numeric,
)
from sqlalchemy.orm import DeclarativeBase, mapped_column

Rub = Annotated[Decimal, mapped_column(Numeric(14, 2))]
RubPerCoin = Annotated[Decimal, mapped_column(Numeric(18, 6))]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Key = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
TgRef = Annotated[int, mapped_column(BigInteger, ForeignKey("users.tg_id", ondelete="RESTRICT"))]


class Base(DeclarativeBase):
    """The common registry, with constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
