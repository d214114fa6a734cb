"""Owns what a request must look like, and the panel's words when it does not; must not look at the panel's state."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from sandbox.panel_asks import NodeStatus, PanelAsk

Protocol = Annotated[str, Field(pattern="^(vless|vmess|trojan|shadowsocks)$")]
Strategy = Literal["no_reset", "day", "week", "month", "year"]
_USERNAME = re.compile(r"^(?=\w{3,32}\b)[a-zA-Z0-9-_@.]+(?:_[a-zA-Z0-9-_@.]+)*$")
_LONGEST_NOTE = 500


def _whole(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("data_limit must be an integer or a float, not a string")
    return int(value) if isinstance(value, float) else value


Limit = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_whole)]


class UserFields(PanelAsk):
    """What creating and changing a user have in common."""

    proxies: dict[Protocol, dict[str, str]] | None = None
    inbounds: dict[Protocol, list[str]] | None = None
    expire: int | None = None
    data_limit: Limit = None
    data_limit_reset_strategy: Strategy | None = None
    note: str | None = None
    on_hold_expire_duration: int | None = None
    on_hold_timeout: datetime | None = None
    auto_delete_in_days: int | None = None
    next_plan: dict[str, object] | None = None

    @field_validator("note")
    @classmethod
    def _short_note(cls, note: str | None) -> str | None:
        if note is not None and len(note) > _LONGEST_NOTE:
            raise ValueError("User's note can be a maximum of 500 character")
        return note

    @field_validator("on_hold_timeout")
    @classmethod
    def _utc(cls, moment: datetime | None) -> datetime | None:
        return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


class UserCreate(UserFields):
    """POST /api/user; proxies left out pass here, as in the panel, and break it later."""

    username: str
    status: Literal["active", "on_hold"] = "active"

    @field_validator("username")
    @classmethod
    def _allowed_name(cls, username: str) -> str:
        if not _USERNAME.match(username):
            raise ValueError(
                "Username only can be 3 to 32 characters and contain a-z, 0-9, and underscores in between."
            )
        return username

    @field_validator("proxies")
    @classmethod
    def _some_proxy(cls, proxies: dict[Protocol, dict[str, str]] | None) -> dict[Protocol, dict[str, str]] | None:
        if proxies == {}:
            raise ValueError("Each user needs at least one proxy")
        return proxies

    @model_validator(mode="after")
    def _hold(self) -> Self:
        if self.status == "on_hold" and not self.on_hold_expire_duration:
            raise ValueError("User cannot be on hold without a valid on_hold_expire_duration.")
        if self.status == "on_hold" and self.expire:
            raise ValueError("User cannot be on hold with specified expire.")
        return self


class UserModify(UserFields):
    """PUT /api/user/{username}: what is left out or null stays."""

    status: Literal["active", "disabled", "on_hold"] | None = None


class NodeCreate(PanelAsk):
    """POST /api/node."""

    name: str
    address: str
    port: int = 62050
    api_port: int = 62051
    usage_coefficient: float = Field(default=1.0, gt=0)
    add_as_new_host: bool = True


class NodeModify(PanelAsk):
    """PUT /api/node/{id}: what is left out or null stays."""

    name: str | None = None
    address: str | None = None
    port: int | None = None
    api_port: int | None = None
    usage_coefficient: float | None = None
    status: NodeStatus | None = None
