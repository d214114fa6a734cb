"""Accounts: arriving, being recognised, language. Moves no money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import Banned, NotFound

if TYPE_CHECKING:
    from app.domain.money import Money
    from app.services.doors import Look
    from app.services.ports import AccountStore, Clock
    from app.services.records import Account, Arrival, Newcomer


class Accounts:
    """The use cases around a person's account."""

    def __init__(self, store: AccountStore, clock: Clock, trial_days: int) -> None:
        self._store = store
        self._clock = clock
        self._trial_days = trial_days

    async def start(self, person: Newcomer) -> Arrival:
        """The account of who pressed Start, made with its trial where it is new. Raises Banned."""
        arrival = await self._store.arrive(person, self._clock.now(), self._trial_days)
        if arrival.account.is_banned:
            raise Banned
        return arrival

    async def recognise(self, look: Look, person: Newcomer) -> Account:
        """The account for display, from the look at the door or else the database; made where there is none yet."""
        if look.account is not None:
            return look.account
        account = await self._store.refresh(person.tg_id, look.generation)
        return account or (await self._store.arrive(person, self._clock.now(), self._trial_days)).account

    async def of(self, tg_id: int) -> Account:
        """The account for display; NotFound where there is none."""
        account = await self._store.glance(tg_id)
        if account is None:
            raise NotFound
        return account

    async def set_language(self, tg_id: int, language: str) -> None:
        """Remember the language."""
        await self._store.set_language(tg_id, language)

    async def gone(self, tg_id: int) -> None:
        """The person blocked the bot: nothing is sent there until they come back."""
        await self._store.mark_gone(tg_id, self._clock.now())

    async def back(self, tg_id: int) -> None:
        """The person unblocked the bot."""
        await self._store.mark_gone(tg_id, None)

    async def referrals(self, tg_id: int) -> tuple[int, int, Money]:
        """How many were invited, how many of them topped up, and the rubles earned."""
        return await self._store.referrals(tg_id)
