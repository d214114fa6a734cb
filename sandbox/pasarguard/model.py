"""Owns the shapes a PasarGuard panel stores: nodes, groups, users, traffic; must not hold rules."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Node:
    """A machine that serves users; the coefficient multiplies what users are billed."""

    id: int
    name: str
    status: str = "connected"
    usage_coefficient: float = 1.0


@dataclass
class Group:
    """A set of inbounds that users are given."""

    id: int
    name: str
    inbound_tags: tuple[str, ...]
    is_disabled: bool = False


@dataclass(frozen=True)
class Traffic:
    """One hour's row of one node, in bytes."""

    hour: datetime
    node_id: int
    uplink: int
    downlink: int


@dataclass
class User:
    """A user; sizes in bytes, None for without limit. Subscription tokens of before `revoked_serial` are dead."""

    id: int
    username: str
    created_at: datetime
    group_ids: list[int]
    status: str = "active"
    expire: datetime | None = None
    data_limit: int | None = None
    data_limit_reset_strategy: str = "no_reset"
    note: str | None = None
    hwid_limit: int | None = None
    used_traffic: int = 0
    traffic_before_resets: int = 0
    secret: str = field(default_factory=lambda: str(uuid.uuid4()))
    devices: set[str] = field(default_factory=set)
    revoked_serial: int = 0
