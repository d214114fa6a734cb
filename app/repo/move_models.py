"""The tables of configs on the move and of looks at panels. Owns shapes; no query, no rule."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant
from app.repo.link_models import OfConfig

OfPanel = Annotated[str, mapped_column(Text, ForeignKey("marzban_instances.id", ondelete="CASCADE"))]
PanelKey = Annotated[
    str, mapped_column(Text, ForeignKey("marzban_instances.id", ondelete="CASCADE"), primary_key=True)
]


class ConfigMove(Base):
    """A config that leaves the panel it stands on; `target`, once chosen, may have its user already.

    `is_wished` where its owner wants it, rather than the panel's being left.
    """

    __tablename__ = "config_moves"
    __table_args__ = (CheckConstraint("target <> source", name="goes_elsewhere"),)

    config_id: Mapped[OfConfig]
    source: Mapped[OfPanel]
    target: Mapped[OfPanel | None]
    since: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[Instant] = mapped_column(index=True)
    last_error: Mapped[str | None] = mapped_column(Text)
    is_wished: Mapped[bool] = mapped_column(server_default=text("false"))


class ConfigLeftover(Base):
    """A user to be removed from a panel that its config does not stand on; the row goes once the user is gone."""

    __tablename__ = "config_leftovers"

    config_id: Mapped[OfConfig]
    instance_id: Mapped[PanelKey]
    since: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[Instant] = mapped_column(index=True)
    last_error: Mapped[str | None] = mapped_column(Text)


class PanelSighting(Base):
    """When a panel was last looked at; `silent_since` is the first look of those that all failed up to now."""

    __tablename__ = "panel_sightings"

    instance_id: Mapped[PanelKey]
    looked_at: Mapped[Instant]
    silent_since: Mapped[Instant | None]
    reason: Mapped[str | None] = mapped_column(Text)


class PanelSweep(Base):
    """How far the comparison of a panel with the configs on it has come; `holder` counts who took it up."""

    __tablename__ = "panel_sweeps"
    __table_args__ = (CheckConstraint("phase IN ('configs', 'users', 'done')", name="phase_known"),)

    instance_id: Mapped[PanelKey]
    holder: Mapped[int] = mapped_column(BigInteger, server_default="0")
    next_at: Mapped[Instant]
    phase: Mapped[str] = mapped_column(Text, server_default="done")
    after_config: Mapped[int] = mapped_column(BigInteger, server_default="0")
    users_seen: Mapped[int] = mapped_column(Integer, server_default="0")
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    stopped: Mapped[str | None] = mapped_column(Text)
