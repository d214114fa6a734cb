"""Refunds that an operator asks for: the wish first, then the provider, then the books. Moves no money by itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from app.domain.errors import NotFound
from app.failpoints import failpoint
from app.services.receipts import ProviderSilent
from app.services.stars import GATEWAY, ChargeUnknown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.money import Money
    from app.services.ports import Clock
    from app.services.receipts import Receipts
    from app.services.stars import StarReconciliation, StarsDesk


class RefundStatus(StrEnum):
    """Where a refund stands; `open` is one whose outcome is not certain yet."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it was asked for; of the payer the books may know nothing."""

    key: str
    payer: int | None
    status: RefundStatus


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as an operator sees it in a list; `debt` is what a refund did not find in the wallet any more."""

    key: str
    owner: int | None
    payment_id: int | None
    asset: str
    asset_amount: int
    credited: Money | None
    debt: Money
    at: datetime
    is_refunded: bool


class RefundStore(Protocol):
    """Wishes and charges; implemented in repo."""

    async def ask(self, gateway: str, key: str, now: datetime) -> Refund | None:
        """Store the wish, once; one that was refused is opened again. None where there is no such charge."""
        ...

    async def unfinished(self, gateway: str) -> Sequence[Refund]:
        """The wishes whose outcome is open."""
        ...

    async def close(self, gateway: str, key: str, status: RefundStatus, now: datetime) -> None:
        """Remember how it ended."""
        ...

    async def is_reversed(self, gateway: str, key: str) -> bool:
        """Whether the books show that the charge was given back."""
        ...

    async def charges(self, gateway: str, limit: int) -> Sequence[Charge]:
        """The newest charges."""
        ...


class StarRefunds:
    """Gives Stars back, each charge once. What was cut off in the middle is finished by whoever runs next."""

    def __init__(
        self,
        store: RefundStore,
        desk: StarsDesk,
        reconciliation: StarReconciliation,
        receipts: Receipts,
        clock: Clock,
    ) -> None:
        self._store = store
        self._desk = desk
        self._reconciliation = reconciliation
        self._receipts = receipts
        self._clock = clock

    async def refund(self, key: str) -> RefundStatus:
        """Give the charge back; OPEN where that is not certain yet. Raises NotFound for a charge nobody knows of."""
        await self._look()
        wish = await self._store.ask(GATEWAY, key, self._clock.now())
        if wish is None:
            raise NotFound
        return wish.status if wish.status is RefundStatus.DONE else await self._carry_out(wish)

    async def finish(self) -> None:
        """Carry out what was asked for and not finished."""
        for wish in await self._store.unfinished(GATEWAY):
            await self._carry_out(wish)

    async def charges(self, limit: int) -> Sequence[Charge]:
        """The newest charges."""
        return await self._store.charges(GATEWAY, limit)

    async def _carry_out(self, wish: Refund) -> RefundStatus:
        status = await self._asked_for(wish)
        if status is RefundStatus.DONE:
            await self._receipts.take_back(GATEWAY, wish.key)
        if status is not RefundStatus.OPEN:
            await self._store.close(GATEWAY, wish.key, status, self._clock.now())
        return status

    async def _asked_for(self, wish: Refund) -> RefundStatus:
        try:
            payer = wish.payer or await self._reconciliation.payer_of(wish.key)
            if payer is None:
                return RefundStatus.REFUSED
            await self._desk.refund(payer, wish.key)
            failpoint("refund.given")
        except ChargeUnknown:
            return RefundStatus.REFUSED
        except ProviderSilent:
            failpoint("refund.in_doubt")
            # The answer was lost, and perhaps not the effect: Telegram's list tells.
            await self._look()
            is_reversed = await self._store.is_reversed(GATEWAY, wish.key)
            return RefundStatus.DONE if is_reversed else RefundStatus.OPEN
        return RefundStatus.DONE

    async def _look(self) -> None:
        with suppress(ProviderSilent):  # the books then stay as they are, and the wish stays open
            await self._reconciliation.run_once()
