"""Owns the shapes in which Marzban and the panels that grew out of it answer alike. Must decide nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from app.repo.panel_answers import Answer, Count
from app.repo.panel_records import ListedUser, PanelNode, UserPage

CONNECTED = "connected"
DISABLED = "disabled"


class FamilyUser(Answer):
    """A user as any answer tells them; each kind has its own way to say when they end."""

    username: str
    status: str
    used_traffic: Count
    data_limit: Count | None = None
    note: str | None = None

    @property
    def ends(self) -> int | None:
        """The end in unix seconds; None is never."""
        raise NotImplementedError

    @property
    def is_enabled(self) -> bool:
        """Whether nobody shut the user out by hand; an end or a limit that was reached is none of that."""
        return self.status != DISABLED

    def listed(self) -> ListedUser:
        """The user in the port's words."""
        return ListedUser(self.username, self.ends, self.note, self.data_limit, self.is_enabled, self.used_traffic)


AnyUser = TypeVar("AnyUser", bound=FamilyUser)


class FamilyUsers(Answer, Generic[AnyUser]):
    """What /api/users answers."""

    users: tuple[AnyUser, ...]
    total: Count

    def told(self) -> UserPage:
        """The page in the port's words."""
        return UserPage(tuple(user.listed() for user in self.users), self.total)


class FamilyNode(Answer):
    """A node; `usage_coefficient` multiplies what users are billed for and says nothing of capacity."""

    id: int
    name: str
    status: str
    usage_coefficient: Annotated[Decimal, Field(ge=0)]

    def told(self) -> PanelNode:
        """The node in the port's words; its users are not known, for every user is on every node."""
        return PanelNode(self.id, self.name, self.status == CONNECTED, self.usage_coefficient)
