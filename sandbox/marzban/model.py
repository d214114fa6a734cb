"""Owns the shapes a panel stores: admins, nodes, inbounds, users, traffic; must not hold rules."""

from dataclasses import dataclass, field
from datetime import datetime

MASTER = "Master"


@dataclass
class Admin:
    """Someone who may log in; an env admin has no row in the panel's database. Times in unix seconds."""

    username: str
    password: str
    is_sudo: bool = True
    from_env: bool = False
    password_changed_at: int = 0


@dataclass
class Node:
    """A machine that serves users; the coefficient multiplies what users are billed, not what was transferred."""

    id: int
    name: str
    address: str
    port: int = 62050
    api_port: int = 62051
    usage_coefficient: float = 1.0
    status: str = "connected"
    message: str | None = None
    own_host: bool = True


@dataclass(frozen=True)
class Inbound:
    """A door of the core."""

    tag: str
    protocol: str
    network: str
    tls: str
    port: int


@dataclass(frozen=True)
class Traffic:
    """One hour's row of one user at one node (None is the master); bytes, billed with the coefficient of that time."""

    hour: datetime
    node_id: int | None
    username: str
    uplink: int
    downlink: int
    billed: int


@dataclass
class User:
    """A user; expire in unix seconds, sizes in bytes, None for without limit. Serials are of subscription tokens."""

    username: str
    owner: Admin
    created_at: datetime
    proxies: dict[str, dict[str, str]]
    inbounds: dict[str, list[str]]
    status: str = "active"
    expire: int | None = None
    data_limit: int | None = None
    data_limit_reset_strategy: str = "no_reset"
    note: str | None = None
    used_traffic: int = 0
    traffic_before_resets: int = 0
    last_reset_at: datetime | None = None
    online_at: datetime | None = None
    sub_updated_at: datetime | None = None
    sub_last_user_agent: str | None = None
    on_hold_expire_duration: int | None = None
    on_hold_timeout: datetime | None = None
    held_at: datetime | None = None
    auto_delete_in_days: int | None = None
    next_plan: dict[str, object] | None = None
    first_serial: int = 0
    hourly: list[Traffic] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        """A user stored without proxies: nothing that shows it can answer."""
        return not self.proxies
