"""Owns the shapes of what goes to a PasarGuard panel and comes back (API 5.2). Must decide nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import Field

from app.panels.port import PanelUser
from app.repo.panel_answers import Answer, Count, Profile
from app.repo.panel_family_models import FamilyNode, FamilyUser

if TYPE_CHECKING:
    from app.panels.port import NewPanelUser


class AccessProfile(Profile):
    """Which groups the shop's users are in; left out it is all that are on."""

    group_ids: tuple[int, ...] | None = None


class GuardUser(FamilyUser):
    """A user; `expire` is an instant in text, without an offset in UTC, or unix seconds."""

    id: int
    expire: datetime | None

    @property
    def ends(self) -> int | None:
        """The end in unix seconds."""
        if self.expire is None:
            return None
        aware = self.expire if self.expire.tzinfo else self.expire.replace(tzinfo=UTC)
        return int(aware.timestamp())


class GuardUserWithLink(GuardUser):
    """A user as answers about one tell them."""

    subscription_url: str = Field(repr=False, min_length=1)

    def told(self, subscription_url: str) -> PanelUser:
        """The user in the port's words, with the link as a customer can open it."""
        return PanelUser(
            username=self.username,
            remote_id=str(self.id),
            is_enabled=self.is_enabled,
            expire=self.ends,
            used_traffic=self.used_traffic,
            data_limit=self.data_limit,
            note=self.note,
            subscription_url=subscription_url,
        )


class NodesPage(Answer):
    """What /api/nodes answers."""

    nodes: tuple[FamilyNode, ...]


class HourOfNode(Answer):
    """Bytes of one node in one hour."""

    uplink: Count
    downlink: Count


class NodesUsage(Answer):
    """What /api/node/usage answers when it is asked for by node."""

    stats: dict[int, tuple[HourOfNode, ...]]

    def bytes_of(self) -> dict[int, int]:
        """The bytes of each node in all the hours together."""
        return {node: sum(hour.uplink + hour.downlink for hour in hours) for node, hours in self.stats.items()}


class SystemUsers(Answer):
    """The panel's counters, over all of its admins for its owner."""

    version: str
    active_users: Count


class UserGroup(Answer):
    """A set of inbounds that users may be given."""

    id: int
    is_disabled: bool = False


class UserGroups(Answer):
    """What /api/groups answers."""

    groups: tuple[UserGroup, ...]


def new_user(user: NewPanelUser, group_ids: list[int]) -> dict[str, object]:
    """The body of POST /api/user; the panel makes the secrets of every protocol itself."""
    body: dict[str, object] = {
        "username": user.username,
        "status": "active",
        "group_ids": group_ids,
        "proxy_settings": {},
        "expire": written(user.expires_at) if user.expires_at else 0,
        "data_limit": user.data_limit_bytes,
        "data_limit_reset_strategy": "no_reset",
        "note": user.note,
    }
    if user.device_limit:
        body["hwid_limit"] = user.device_limit
    return body


def written(instant: datetime) -> str:
    """An instant in whole seconds, its offset spelled out."""
    return instant.astimezone(UTC).isoformat(timespec="seconds")
