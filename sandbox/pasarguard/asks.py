"""Owns what a request to PasarGuard must look like, and its words when it does not; must not look at its state."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from sandbox.panel_asks import PanelAsk

Strategy = Literal["no_reset", "day", "week", "month", "year"]


class UserFields(PanelAsk):
    """What creating and changing a user have in common."""

    proxy_settings: dict[str, object] | None = None
    expire: datetime | int | None = None
    data_limit: Annotated[int | None, Field(ge=0)] = None
    data_limit_reset_strategy: Strategy | None = None
    note: Annotated[str | None, Field(max_length=500)] = None
    group_ids: list[int] | None = None
    hwid_limit: int | None = None

    def ends(self) -> datetime | None:
        """The end asked for; naive instants are in UTC, 0 and null are no end."""
        if not self.expire:
            return None
        if isinstance(self.expire, int):
            return datetime.fromtimestamp(self.expire, UTC)
        return self.expire if self.expire.tzinfo else self.expire.replace(tzinfo=UTC)


class UserCreate(UserFields):
    """POST /api/user."""

    username: str
    status: Literal["active", "on_hold"] | None = None

    @field_validator("username")
    @classmethod
    def _allowed_name(cls, username: str) -> str:
        if not 3 <= len(username) <= 128:
            raise ValueError("Username only can be 3 to 128 characters.")
        if not re.match(r"^[a-zA-Z0-9-_@.]+$", username):
            raise ValueError("Username can only contain alphanumeric characters, -, _, @, and .")
        if re.search(r"[-_@.]{2,}", username):
            raise ValueError("Username cannot have consecutive special characters")
        return username

    @field_validator("group_ids", mode="after")
    @classmethod
    def _some_group(cls, group_ids: list[int] | None) -> list[int] | None:
        if not group_ids:
            raise ValueError("you must select at least one group")
        return group_ids


class UserModify(UserFields):
    """PUT /api/user/{username}: what is left out or null stays."""

    status: Literal["active", "disabled", "on_hold"] | None = None
