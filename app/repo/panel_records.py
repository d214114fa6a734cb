"""Owns what is told to panels of any kind and heard from them, in one set of words. Knows no kind's own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind of panel can do by itself; where it can't, the shop has means of its own or goes without."""

    # The panel refuses devices beyond NewPanelUser.device_limit.
    native_device_limit: bool = False
    # PanelNode.users is a figure of the node's own.
    per_node_users: bool = False
    # The logs of its cores tell from where users come, line by line.
    access_logs: bool = False
    # A user's time may begin with their first traffic.
    on_hold: bool = False
    # The panel tells of changes by itself.
    webhooks: bool = False
    # A user may have no end: expires_at may be None.
    never_expires: bool = False


@dataclass(frozen=True, slots=True)
class NewPanelUser:
    """A user to be made; `data_limit_bytes` and `device_limit` 0 are none, `note` tells whose it is."""

    username: str
    expires_at: datetime | None
    data_limit_bytes: int
    note: str
    device_limit: int = 0


@dataclass(frozen=True, slots=True)
class PanelUser:
    """A user as the panel tells it. `expire` is unix seconds, traffic is bytes; None, and 0 as a limit, mean no bound.

    `remote_id` is what the panel itself knows the user by: a number, a name, a UUID. Compare it, never read it.
    `links` may be empty on a panel that gives them only by its subscription.
    """

    username: str
    remote_id: str
    is_enabled: bool
    expire: int | None
    used_traffic: int
    data_limit: int | None = None
    note: str | None = None
    links: tuple[str, ...] = field(default=(), repr=False)
    subscription_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user as the panel lists it: `expire` in unix seconds, traffic in bytes; None and 0 as a limit mean no bound.

    `is_enabled` is whether nobody shut them out by hand; an end or a limit that was reached is none of that.
    """

    username: str
    expire: int | None
    note: str | None = None
    data_limit: int | None = None
    is_enabled: bool = True
    used_traffic: int = 0


@dataclass(frozen=True, slots=True)
class UserPage:
    """Some of the panel's users, and how many there are in all."""

    users: tuple[ListedUser, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PanelNode:
    """A machine that carries traffic; `users` None where the panel does not tell nodes' users apart.

    `usage_coefficient` multiplies what users are billed for and says nothing of capacity.
    """

    id: int
    name: str
    is_connected: bool
    usage_coefficient: Decimal = Decimal(1)
    users: int | None = None


@dataclass(frozen=True, slots=True)
class PanelHealth:
    """How a panel is. `product` names it with its version; `is_serving` is false where its own core is stopped.

    `nodes` is empty where the panel carries traffic by itself; a panel that can't do that has none usable then.
    """

    product: str
    is_serving: bool
    serves_alone: bool
    users_active: int
    nodes: tuple[PanelNode, ...]


@dataclass(frozen=True, slots=True)
class PanelLoad:
    """How a panel is, and the bytes of each node in the window asked for, by its id; 0 is the panel's own core."""

    health: PanelHealth
    bytes_of: Mapping[int, int]
