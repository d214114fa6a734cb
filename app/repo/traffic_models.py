"""The tables of traffic by the day. Owns shapes; no query, no rule."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant
from app.repo.link_models import OfConfig


class ConfigTrafficDay(Base):
    """The bytes of a config on a day (UTC)."""

    __tablename__ = "config_traffic_days"
    __table_args__ = (CheckConstraint("bytes >= 0", name="bytes_not_negative"),)

    config_id: Mapped[OfConfig]
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)


class ConfigCounter(Base):
    """A panel's counter of a config as it was last read, and by how much that reading was more than the one before."""

    __tablename__ = "config_counters"

    config_id: Mapped[OfConfig]
    instance_id: Mapped[str] = mapped_column(Text)
    used_bytes: Mapped[int] = mapped_column(BigInteger)
    limit_bytes: Mapped[int | None] = mapped_column(BigInteger)
    grown_bytes: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[Instant]
