"""Buying and renewing a plan from the balance. The decision to spend is the store's locked row, never a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import PlanChanged
from app.domain.promo import use_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.plans import Catalogue, Plan
    from app.services.ports import Clock, ShopStore
    from app.services.records import Purchase


class Shop:
    """The plans on sale and the purchase of one."""

    def __init__(self, store: ShopStore, catalogue: Catalogue, clock: Clock, wake: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self.catalogue = catalogue

    async def buy(self, tg_id: int, plan_key: str, version: str, intent: str) -> Purchase:
        """Buy the plan as it was shown, once for this intent.

        Raises PlanChanged or OfferChanged where it is sold differently now, InsufficientBalance, Banned, NotFound.
        """
        plan, use_id = self.shown(plan_key, version)
        purchase = await self._store.buy(tg_id, plan, intent, self._clock.now(), use_id=use_id)
        self._wake("provisioning")
        return purchase

    def shown(self, plan_key: str, version: str) -> tuple[Plan, int]:
        """The plan, if it is still what the screen showed, and the use of a code whose discount it showed."""
        plan, named = self.catalogue.get(plan_key), use_in(version)
        if named is None or named[0] != plan.version:
            raise PlanChanged(plan_key)
        return plan, named[1]
