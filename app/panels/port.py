"""The port for panels: what the shop asks of a panel of any kind. One adapter implements it for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.repo.panel_errors import (
    SURELY_NOT_DONE,
    AmbiguousOutcome,
    PanelAuthFailed,
    PanelBadAnswer,
    PanelError,
    PanelInvalid,
    PanelNotCalled,
    PanelUnavailable,
    PanelUserExists,
    PanelUserNotFound,
)
from app.repo.panel_records import (
    Capabilities,
    ListedUser,
    NewPanelUser,
    PanelHealth,
    PanelLoad,
    PanelNode,
    PanelUser,
    UserPage,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = [
    "SURELY_NOT_DONE",
    "AmbiguousOutcome",
    "Capabilities",
    "ListedUser",
    "NewPanelUser",
    "Panel",
    "PanelAuthFailed",
    "PanelBadAnswer",
    "PanelError",
    "PanelHealth",
    "PanelInvalid",
    "PanelLoad",
    "PanelNode",
    "PanelNotCalled",
    "PanelUnavailable",
    "PanelUser",
    "PanelUserExists",
    "PanelUserNotFound",
    "UserPage",
]


class Panel(Protocol):
    """One panel. Users go by their username, which the shop chose and keeps to [a-z0-9_]{3,32}.

    Reads are repeated on failure, writes never. Every method raises subclasses of PanelError only: PanelUnavailable
    and PanelAuthFailed where surely nothing was done, AmbiguousOutcome where it may have been, PanelBadAnswer where
    the answer can't be read, PanelInvalid where the panel refuses what was sent.
    """

    @property
    def instance_id(self) -> str:
        """The panel's key in marzban_instances."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What panels of this kind can do by themselves."""
        ...

    def format_name(self, form: str) -> str:
        """What the panel calls a format of subscriptions, such as `sing-box` or `clash-meta`, in a link's path."""
        ...

    async def health(self) -> PanelHealth:
        """Whether the panel serves, and its nodes in any state."""
        ...

    async def load(self, start: datetime, end: datetime) -> PanelLoad:
        """Its health and what its nodes carried between two aware instants, in whole hours of the panel."""
        ...

    async def create_user(self, user: NewPanelUser) -> PanelUser:
        """Make a user who can connect at once, by all that the row's access profile allows.

        PanelUserExists where the name is taken; after AmbiguousOutcome and PanelBadAnswer the user may exist, and
        `get_user` tells.
        """
        ...

    async def get_user(self, username: str) -> PanelUser | None:
        """The user, or None where the panel itself says that there is none."""
        ...

    async def users(self, offset: int, limit: int) -> UserPage:
        """At most `limit` users, one or more, from the `offset`th on, in the order of their names."""
        ...

    async def named_users(self, usernames: Sequence[str]) -> tuple[ListedUser, ...]:
        """Those of up to a hundred names that the panel has, in no order."""
        ...

    async def set_expiry(self, username: str, expires_at: datetime | None) -> PanelUser:
        """Move the end to an instant, whole seconds; secrets stay. PanelUserNotFound; repeating it does no harm."""
        ...

    async def set_limit(self, username: str, data_limit_bytes: int) -> PanelUser:
        """Set how much traffic the user may have; 0 is no bound. PanelUserNotFound; repeating it does no harm."""
        ...

    async def set_enabled(self, username: str, *, enabled: bool | None, note: str | None = None) -> PanelUser:
        """Let the user in, or keep them out without forgetting them, and say why in the note, in one call.

        None leaves the one or the other as it is. PanelUserNotFound; repeating it does no harm.
        """
        ...

    async def reset_usage(self, username: str) -> PanelUser:
        """Count the user's traffic from zero. PanelUserNotFound."""
        ...

    async def rotate_credentials(self, username: str) -> PanelUser:
        """Give the user new secrets and a new link; the old ones end. PanelUserNotFound."""
        ...

    async def token(self, refused: str | None = None) -> str:
        """A token other than `refused` for what is no call, such as a log that is followed."""
        ...

    async def delete_user(self, username: str) -> None:
        """Make sure that there is no such user; one that is gone already is fine."""
        ...
