"""Purchases that wait for money, as two sessions meet in them. Beside meetings.py, which tells how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.act import TON, Act
from tests.support.half import PLANS
from tests.support.meetings import (
    BUYER,
    Buy,
    BuyWhatTakesMore,
    Cancel,
    FriendPays,
    Operation,
    Refund,
    StarsCharge,
    TonPage,
)
from tests.support.meetings_sales import Adjust, Discount, Give, GiveForLess

if TYPE_CHECKING:
    from tests.support.meetings import Stage

PLAN = PLANS[1]


async def wished(stage: Stage) -> int:
    """The buyer's invoice for the rest of a plan, in coins."""
    if not stage.life.model.wishes:
        await stage.happens(stage.life.wants(BUYER, PLAN, "waited", TON))
    return max(stage.life.model.wishes)


class Wished(TonPage):
    """It is paid."""

    name, lt = "wish is paid", 5000

    async def prepare(self, stage: Stage) -> None:
        self.payment_id = await wished(stage)


class PaidAgain(Wished):
    name, lt = "wish is paid again", 6000


class CancelWished(Cancel):
    name, fails_invoices = "wish is cancelled", False

    async def prepare(self, stage: Stage) -> None:
        self.payment_id = await wished(stage)


class Complete(Wished):
    """It was paid; now the job buys what waited for that."""

    name = "complete"

    async def prepare(self, stage: Stage) -> None:
        await super().prepare(stage)
        if stage.life.model.wishes[self.payment_id].status == "waiting":
            await stage.happens(super().act(stage))

    def act(self, stage: Stage) -> Act:
        return stage.life.complete(0, 0)


class BuyByHand(Buy):
    """The same press, by the button."""

    name, plan = "waited", PLAN


PENDING_PAIRS: tuple[tuple[type[Operation], type[Operation]], ...] = (
    *((Complete, other) for other in (Complete, PaidAgain, Buy, BuyByHand, BuyWhatTakesMore, Refund, FriendPays)),
    *((Complete, other) for other in (Give, GiveForLess, Discount, Adjust, StarsCharge, TonPage)),
    *((Wished, other) for other in (PaidAgain, CancelWished, Buy)),
)
