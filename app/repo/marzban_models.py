"""Owns the shapes of what goes to a Marzban panel and comes back (0.4.2 to 0.8.4). Must decide nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, RootModel

from app.repo.panel_answers import Answer, Count, Profile
from app.repo.panel_records import ListedUser, NewPanelUser, PanelNode, PanelUser, UserPage

if TYPE_CHECKING:
    from collections.abc import Iterable

CONNECTED = "connected"
DISABLED = "disabled"
VISION = "xtls-rprx-vision"
WANTED = ("vless", "vmess")


class AccessProfile(Profile):
    """Which inbounds the shop's users get, by protocol; left out it is all of vless and vmess."""

    inbounds: dict[str, tuple[str, ...]] | None = None


class MarzbanUser(Answer):
    """A user as the panel tells it. Instants are unix seconds, traffic is bytes; null and 0 mean no bound."""

    username: str
    status: str
    expire: int | None
    used_traffic: Count
    data_limit: Count | None = None
    note: str | None = None
    links: tuple[str, ...] = Field(repr=False)
    subscription_url: str = Field(repr=False, min_length=1)

    def told(self, subscription_url: str) -> PanelUser:
        """The user in the port's words, with the link as a customer can open it."""
        return PanelUser(
            username=self.username,
            remote_id=self.username,
            is_enabled=self.status != DISABLED,
            expire=self.expire,
            used_traffic=self.used_traffic,
            data_limit=self.data_limit,
            note=self.note,
            links=self.links,
            subscription_url=subscription_url,
        )


class MarzbanListed(Answer):
    """A user in a list."""

    username: str
    status: str
    expire: int | None
    data_limit: Count | None = None
    note: str | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether nobody shut the user out by hand; an end or a limit that was reached is none of that."""
        return self.status != "disabled"


class MarzbanUsers(Answer):
    """What /api/users answers."""

    users: tuple[MarzbanListed, ...]
    total: Count

    def told(self) -> UserPage:
        """The page in the port's words."""
        listed = (
            ListedUser(user.username, user.expire, user.note, user.data_limit, user.status != DISABLED)
            for user in self.users
        )
        return UserPage(tuple(listed), self.total)


class Node(Answer):
    """A node; `usage_coefficient` multiplies what users are billed for and says nothing of capacity."""

    id: int
    name: str
    status: str
    usage_coefficient: Annotated[Decimal, Field(ge=0)]

    def told(self) -> PanelNode:
        """The node in the port's words; its users are not known, for every user is on every node."""
        return PanelNode(self.id, self.name, self.status == CONNECTED, self.usage_coefficient)


class NodeUsage(Answer):
    """Bytes of one node in the window asked for, without its coefficient; no id is the master core."""

    node_id: int | None
    node_name: str
    uplink: Count
    downlink: Count


class NodesUsage(Answer):
    """What /api/nodes/usage answers."""

    usages: tuple[NodeUsage, ...]


class System(Answer):
    """The panel's counters over all of its admins."""

    version: str
    users_active: Count


class Core(Answer):
    """The master core."""

    started: bool


class Inbound(Answer):
    """One way in that the panel offers to a protocol."""

    tag: str
    network: str
    tls: str


class Inbounds(RootModel[dict[str, tuple[Inbound, ...]]]):
    """The inbounds of each protocol that the panel has."""

    def proxies(self, profile: AccessProfile) -> dict[str, dict[str, str]]:
        """The proxies to ask for: those of vless and vmess that the panel has, or those of the profile.

        The vision flow is asked for where a vless inbound is REALITY over TCP; on all others the panel drops it.
        """
        return {
            protocol: {"flow": VISION} if protocol == "vless" and _takes_vision(inbounds) else {}
            for protocol in (WANTED if profile.inbounds is None else profile.inbounds)
            if (inbounds := self._of(protocol, profile))
        }

    def _of(self, protocol: str, profile: AccessProfile) -> list[Inbound]:
        inbounds = self.root.get(protocol, ())
        tags = None if profile.inbounds is None else profile.inbounds.get(protocol)
        return [inbound for inbound in inbounds if not tags or inbound.tag in tags]


def _takes_vision(inbounds: Iterable[Inbound]) -> bool:
    return any(inbound.network == "tcp" and inbound.tls == "reality" for inbound in inbounds)


class Nodes(RootModel[tuple[Node, ...]]):
    """What /api/nodes answers; without the master core."""


def new_user(user: NewPanelUser, proxies: dict[str, dict[str, str]], profile: AccessProfile) -> dict[str, object]:
    """The body of POST /api/user. No tags of a protocol mean all of it; `inbounds` left out would mean none at all."""
    tags = {protocol: list(names) for protocol, names in (profile.inbounds or {}).items() if names}
    return {
        "username": user.username,
        "status": "active",
        "proxies": proxies,
        "inbounds": {protocol: names for protocol, names in tags.items() if protocol in proxies},
        "expire": int(user.expires_at.timestamp()) if user.expires_at else 0,
        "data_limit": user.data_limit_bytes,
        "data_limit_reset_strategy": "no_reset",
        "note": user.note,
    }
