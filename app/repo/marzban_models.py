"""Owns the shapes of what goes to a Marzban panel and comes back (API 0.8.4). Must decide nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from app.repo.marzban_errors import PanelBadAnswer

Count = Annotated[int, Field(ge=0)]
VISION = "xtls-rprx-vision"


class _Answer(BaseModel):
    # Inputs stay out of validation errors: an answer holds links.
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class PanelUser(_Answer):
    """A user as the panel tells it. Instants are unix seconds, traffic is bytes; null and 0 mean no bound."""

    username: str
    status: str
    expire: int | None
    used_traffic: Count
    data_limit: Count | None = None
    note: str | None = None
    links: tuple[str, ...] = Field(repr=False)
    subscription_url: str = Field(repr=False, min_length=1)


class ListedUser(_Answer):
    """A user as the panel lists it; `expire` in unix seconds, `data_limit` in bytes, null and 0 mean no bound."""

    username: str
    status: str = "active"
    expire: int | None
    data_limit: Count | None = None
    note: str | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether nobody shut the user out by hand; an end or a limit that was reached is none of that."""
        return self.status != "disabled"


class UserPage(_Answer):
    """Some of the panel's users, and how many there are in all."""

    users: tuple[ListedUser, ...]
    total: Count


class Node(_Answer):
    """A node; `usage_coefficient` multiplies what users are billed for and says nothing of capacity."""

    id: int
    name: str
    status: str
    usage_coefficient: Annotated[Decimal, Field(ge=0)]


class NodeUsage(_Answer):
    """Bytes of one node in the window asked for, without its coefficient; no id is the master core."""

    node_id: int | None
    node_name: str
    uplink: Count
    downlink: Count


class NodesUsage(_Answer):
    """What /api/nodes/usage answers."""

    usages: tuple[NodeUsage, ...]


class System(_Answer):
    """The panel's counters over all of its admins."""

    version: str
    users_active: Count


class Core(_Answer):
    """The master core."""

    started: bool


class Inbound(_Answer):
    """One way in that the panel offers to a protocol."""

    tag: str
    network: str
    tls: str


class Inbounds(RootModel[dict[str, tuple[Inbound, ...]]]):
    """The inbounds of each protocol that the panel has."""

    def proxies(self) -> dict[str, dict[str, str]]:
        """The proxies to ask for: those of vless and vmess that the panel has.

        The vision flow is asked for where a vless inbound is REALITY over TCP; on all others the panel drops it.
        """
        wanted: dict[str, dict[str, str]] = {}
        if vless := self.root.get("vless"):
            vision = any(inbound.network == "tcp" and inbound.tls == "reality" for inbound in vless)
            wanted["vless"] = {"flow": VISION} if vision else {}
        if self.root.get("vmess"):
            wanted["vmess"] = {}
        return wanted


class Nodes(RootModel[tuple[Node, ...]]):
    """What /api/nodes answers; without the master core."""


class Token(_Answer):
    """What a login answers."""

    access_token: str = Field(repr=False, min_length=1)


@dataclass(frozen=True, slots=True)
class NewPanelUser:
    """A user to be made; `data_limit_bytes` 0 is none, `note` tells whose it is."""

    username: str
    expires_at: datetime
    data_limit_bytes: int
    note: str

    def payload(self, proxies: dict[str, dict[str, str]]) -> dict[str, object]:
        """The body of POST /api/user. `inbounds: {}` means every tag; left out it would mean none."""
        return {
            "username": self.username,
            "status": "active",
            "proxies": proxies,
            "inbounds": {},
            "expire": int(self.expires_at.timestamp()),
            "data_limit": self.data_limit_bytes,
            "data_limit_reset_strategy": "no_reset",
            "note": self.note,
        }


Model = TypeVar("Model", bound=BaseModel)


def parsed(instance_id: str, model: type[Model], content: object) -> Model:
    """The answer as `model`; PanelBadAnswer names the field that is missing or wrong, never its value."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or model.__name__.lower()
        fault = "is missing" if first["type"] == "missing" else "is wrong"
        raise PanelBadAnswer(instance_id, f"field {field} {fault}") from None
