"""What is known of a person at the door, before any handler: one look in one round trip. Decides no right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from app.services.records import Account


class Bucket(Protocol):
    """The rate limit that an event draws from."""

    @property
    def action(self) -> str:
        """Its name in the key."""
        ...

    @property
    def interval_ms(self) -> int:
        """How long one token takes to come back."""
        ...

    @property
    def burst(self) -> int:
        """How many tokens there are."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """The cached account, how long the person must wait, the state of the dialogue, whether the channel has them.

    `wait_ms` is None where Redis does not answer; `generation` is what a refill of the cache must match. `is_member`
    says that they were seen in the required channel of late.
    """

    account: Account | None
    generation: str
    wait_ms: int | None
    state: str | None
    is_member: bool = False


class Door(Protocol):
    """One look at a person in one round trip."""

    def look(self, tg_id: int, bucket: Bucket | None, state_key: str) -> Awaitable[Look]:
        """What the cache knows, and a token taken from the bucket. Asked at once; to be awaited when it is needed."""
        ...
