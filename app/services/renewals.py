"""Subscriptions that renew themselves from the balance. What is bought is decided by the store's locked rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import Banned, InsufficientBalance, OfferChanged, PlanChanged
from app.domain.promo import Offer
from app.domain.renewal import AFTER, BEFORE, Agreement, is_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.domain.plans import Catalogue
    from app.domain.promo import Discount
    from app.domain.quiet import QuietHours
    from app.services.ports import Clock
    from app.services.renewal_records import DueRenewal, RenewalStore, Renewing

LEASE_SECONDS = 60
BATCH = 50


def offered(
    agreement: Agreement, discount: Discount | None, catalogue: Catalogue, now: datetime
) -> Offer | None:
    """What the agreement would buy now; None where that plan is not sold any more."""
    plan = catalogue.find(agreement.plan_key)
    return None if plan is None else Offer.to(plan, discount, now)


class Renewals:
    """The switch of a customer, and the purchases that follow from it."""

    def __init__(
        self,
        store: RenewalStore,
        catalogue: Catalogue,
        clock: Clock,
        quiet: QuietHours,
        wake: Callable[[str], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._quiet = quiet
        self._wake = wake
        self.catalogue = catalogue

    async def of(self, tg_id: int) -> Renewing:
        """How things stand with this person. Raises NotFound."""
        return await self._store.of(tg_id)

    async def agree(self, tg_id: int, plan_key: str, version: str) -> None:
        """Renew by this plan as it was shown. Raises PlanChanged where it is sold differently now, Banned, NotFound."""
        plan = self.catalogue.get(plan_key)
        if plan.version != version:
            raise PlanChanged(plan_key)
        await self._store.agree(tg_id, Agreement.to(plan), self._clock.now())

    async def stop(self, tg_id: int) -> None:
        """Nothing is bought by itself any more."""
        await self._store.stop(tg_id)

    async def run_once(self) -> int:
        """Try what is due; how many were taken up."""
        due = await self._store.claim_due(self._clock.now(), LEASE_SECONDS, BATCH)
        for renewal in due:
            await self._try(renewal, self._clock.now())
        return len(due)

    async def _try(self, due: DueRenewal, now: datetime) -> None:
        end = due.subscription_end
        if end is None or now >= end + AFTER:
            await self._store.put_off(due, None, now)
        elif not is_time(end, now):
            await self._store.put_off(due, end - BEFORE, now)
        elif due.may_pay:
            await self._buy(due, end, now)
        else:
            await self._store.put_off(due, _again(end, now), now)

    async def _buy(self, due: DueRenewal, end: datetime, now: datetime) -> None:
        offer = offered(due.agreement, due.discount, self.catalogue, now)
        if offer is None or not due.agreement.covers(offer):
            await self._store.put_off(due, _again(end, now), now, is_told=True)
            return
        use_id = offer.discount.use_id if offer.discount else 0
        try:
            bought = await self._store.renew(due, offer.plan, use_id, now, self._quiet.over(now))
        except InsufficientBalance:
            await self._store.put_off(due, _again(end, now), now, is_told=True)
        except OfferChanged:
            # A discount came or went at this moment.
            await self._store.put_off(due, now + timedelta(seconds=LEASE_SECONDS), now)
        except Banned:
            await self._store.put_off(due, _again(end, now), now)
        else:
            if bought is None:
                await self._store.put_off(due, None, now)
                return
            self._wake("provisioning")
            self._wake("notices")


def _again(end: datetime, now: datetime) -> datetime | None:
    """A second try comes with the end itself, whatever was in the way; after that only money brings one."""
    return end if now < end else None
