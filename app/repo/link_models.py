"""The tables of subscription links and of what was served through them. Owns shapes; no query, no rule."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import BigInteger, ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant

OfConfig = Annotated[
    int,
    mapped_column(
        BigInteger, ForeignKey("configs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
]


class SubscriptionLink(Base):
    """The token of a config's link: a keyed hash to find it by, and sealed to be shown to its owner again."""

    __tablename__ = "subscription_links"

    config_id: Mapped[OfConfig]
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    sealed_token: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[Instant]


class SubscriptionCopy(Base):
    """The last good answer of a panel to one kind of app, kept for the time that the panel is away."""

    __tablename__ = "subscription_copies"

    config_id: Mapped[OfConfig]
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    instance_id: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[str] = mapped_column(Text)
    fetched_at: Mapped[Instant]
