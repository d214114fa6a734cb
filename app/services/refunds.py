"""Refunds that an operator asks for: the wish first, then the provider, then the books. Moves no money by itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import structlog

from app.domain.errors import MethodUnavailable, NotFound
from app.failpoints import failpoint
from app.services.receipts import ProviderSilent
from app.services.reversals import RefundRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from app.domain.money import Money
    from app.services.ports import Clock
    from app.services.receipts import Receipts
    from app.services.reversals import MoneyEvent

log = structlog.get_logger(__name__)


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
    """A charge as an operator sees it in a list.

    `asset_back` of its `asset_amount` was given back; `debt` is what refunds did not find in the wallet any more.
    """

    gateway: str
    key: str
    owner: int | None
    payment_id: int | None
    asset: str
    asset_amount: int
    asset_back: int
    credited: Money | None
    debt: Money
    at: datetime

    @property
    def is_refunded(self) -> bool:
        """Whether all of it was given back."""
        return self.asset_back >= self.asset_amount


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
        """Whether the books show that all of the charge was given back."""
        ...

    async def charges(self, gateway: str | None, limit: int) -> Sequence[Charge]:
        """The newest charges, of one gateway or of all."""
        ...


class Refunder(Protocol):
    """A gateway that can give money back. Every method raises ProviderSilent where the outcome is not certain."""

    @property
    def name(self) -> str:
        """Its method's name."""
        ...

    async def look(self, key: str, /) -> Sequence[MoneyEvent]:
        """What the provider knows of a charge and of its refunds, as far as the books may not."""
        ...

    async def refund(self, key: str, payer: int | None, /) -> Sequence[MoneyEvent]:
        """Give back what is left of a charge, once however often it is asked; RefundRefused.

        What is returned has happened, and is not all of the charge where the provider still works on the rest.
        """
        ...


class RefundDesk:
    """Gives charges back, each once. What was cut off in the middle is finished by whoever runs next."""

    def __init__(self, store: RefundStore, refunders: Iterable[Refunder], receipts: Receipts, clock: Clock) -> None:
        self._store = store
        self._refunders = {refunder.name: refunder for refunder in refunders}
        self._receipts = receipts
        self._clock = clock

    @property
    def gateways(self) -> tuple[str, ...]:
        """The names of the gateways that can give money back and are on."""
        return tuple(self._refunders)

    async def refund(self, gateway: str, key: str) -> RefundStatus:
        """Give the charge back; OPEN where that is not certain yet.

        Raises NotFound for a charge nobody knows of, MethodUnavailable where the gateway can't give money back.
        """
        refunder = self._refunders.get(gateway)
        if refunder is None:
            raise MethodUnavailable
        await self._look(refunder, key)
        wish = await self._store.ask(gateway, key, self._clock.now())
        if wish is None:
            raise NotFound
        return wish.status if wish.status is RefundStatus.DONE else await self._carry_out(refunder, wish)

    async def finish(self) -> None:
        """Carry out what was asked for and not finished."""
        for refunder in self._refunders.values():
            for wish in await self._store.unfinished(refunder.name):
                await self._carry_out(refunder, wish)

    async def charges(self, limit: int, gateway: str | None = None) -> Sequence[Charge]:
        """The newest charges, of one gateway or of all."""
        return await self._store.charges(gateway, limit)

    async def _carry_out(self, refunder: Refunder, wish: Refund) -> RefundStatus:
        status = await self._asked_for(refunder, wish)
        if status is not RefundStatus.OPEN:
            await self._store.close(refunder.name, wish.key, status, self._clock.now())
        return status

    async def _asked_for(self, refunder: Refunder, wish: Refund) -> RefundStatus:
        try:
            events = await refunder.refund(wish.key, wish.payer)
            failpoint("refund.given")
            await self._receipts.record(events)
        except RefundRefused as refusal:
            log.error("refund_refused", gateway=refunder.name, reason=str(refusal))
            return RefundStatus.REFUSED
        except ProviderSilent as silence:
            failpoint("refund.in_doubt")
            # The answer was lost, and perhaps not the effect: the provider tells, once it speaks again.
            log.warning("refund_uncertain", gateway=refunder.name, reason=str(silence))
            await self._look(refunder, wish.key)
        is_reversed = await self._store.is_reversed(refunder.name, wish.key)
        return RefundStatus.DONE if is_reversed else RefundStatus.OPEN

    async def _look(self, refunder: Refunder, key: str) -> None:
        with suppress(ProviderSilent):  # the books then stay as they are, and the wish stays open
            await self._receipts.record(await refunder.look(key))
