"""Owns the shapes of what goes to a Marzban panel and comes back (0.4.2 to 0.8.4). Must decide nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, RootModel

from app.repo.panel_answers import Answer, Count, Profile
from app.repo.panel_family_models import FamilyNode, FamilyUser
from app.repo.panel_records import NewPanelUser, PanelUser

if TYPE_CHECKING:
    from collections.abc import Iterable

VISION = "xtls-rprx-vision"
WANTED = ("vless", "vmess")


class AccessProfile(Profile):
    """Which inbounds the shop's users get, by protocol; left out it is all of vless and vmess."""

    inbounds: dict[str, tuple[str, ...]] | None = None


class MarzbanListed(FamilyUser):
    """A user in a list. Instants are unix seconds, traffic is bytes; null and 0 mean no bound."""

    expire: int | None

    @property
    def ends(self) -> int | None:
        """As the panel has it."""
        return self.expire


class MarzbanUser(MarzbanListed):
    """A user as answers about one tell them."""

    links: tuple[str, ...] = Field(repr=False)
    subscription_url: str = Field(repr=False, min_length=1)

    def told(self, subscription_url: str) -> PanelUser:
        """The user in the port's words, with the link as a customer can open it."""
        return PanelUser(
            username=self.username,
            remote_id=self.username,
            is_enabled=self.is_enabled,
            expire=self.expire,
            used_traffic=self.used_traffic,
            data_limit=self.data_limit,
            note=self.note,
            links=self.links,
            subscription_url=subscription_url,
        )


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


class Nodes(RootModel[tuple[FamilyNode, ...]]):
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
