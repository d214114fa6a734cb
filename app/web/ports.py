"""What the HTTP edge needs of the rest, as protocols; implemented elsewhere, joined in the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio

# Whether a store answers; an exception means no.
Check = Callable[[], Awaitable[bool]]


class UpdateIntake(Protocol):
    """Takes raw updates of Telegram."""

    @property
    def stopping(self) -> bool:
        """Whether updates are refused from now on."""
        ...

    async def accept(self, raw: object) -> asyncio.Future[None]:
        """Take an update in hand, waiting for room; done when dealt with, cancelled when it should come again."""
        ...
