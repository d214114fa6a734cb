"""Owns the making of one user on one panel, exactly once. Must not claim jobs or decide when to try again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from app.failpoints import failpoint
from app.panels.port import (
    SURELY_NOT_DONE,
    AmbiguousOutcome,
    NewPanelUser,
    PanelBadAnswer,
    PanelError,
    PanelUnavailable,
    PanelUser,
    PanelUserExists,
)

if TYPE_CHECKING:
    from app.panels.choice import PanelChoice
    from app.panels.gate import PanelGate
    from app.services.ports import Clock, PanelStore, ProvisioningStore
    from app.services.records import ConfigJob, PanelAccess

log = structlog.get_logger(__name__)

# Within a job's deadline, so that whoever makes the panel's user learns of it and counts it against the panel.
MADE_SECONDS = 20
# By then a panel has failed for about four minutes: the customer should not wait for it any longer.
GIVE_UP_ATTEMPTS = 8
# Longer than any call that is still on its way to a panel, so that a removal can't come before a creation; as
# repo.moves.IN_FLIGHT has it.
LEAST_GRACE = timedelta(seconds=60)
# Its row stands as long as a config is assigned to it, so this replica has another key than the one who sealed it.
CANT_BE_OPENED = "its password can't be opened"
FOREIGN_PAUSE = timedelta(hours=1)
MOST_BEFORE_ANOTHER = timedelta(seconds=15)
# A snapshot may be older than a panel's trouble: so often a refused user falls to the next best without a pause.
FALLBACKS = 2
LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Later:
    """A job is not done, for a `reason` that holds no secret; the bounds of the wait before its next try."""

    reason: str
    at_least: timedelta = timedelta()
    at_most: timedelta = LONGEST_PAUSE


class Elsewhere(Later):
    """The panel is left out for now, and nothing of this config will stay on it: another may be tried at once."""


class ForeignUser(Exception):
    """The username belongs to somebody else on this panel; it is left as it is."""


def tag_of(config_id: int) -> str:
    """What the note of a config's user holds, so that it is known again."""
    return f"orbit:{config_id}"


def is_tagged(user: PanelUser, config_id: int) -> bool:
    """Whether the user was made for this config; operators may have added to the note."""
    return tag_of(config_id) in (user.note or "").split()


def is_ours(user: PanelUser, job: ConfigJob) -> bool:
    """Whether it is the user of the job's config."""
    return user.username == job.username and is_tagged(user, job.config_id)


def pause_after(attempts: int, longest: timedelta) -> timedelta:
    """Twice as long after each attempt, from two seconds up to the longest."""
    return min(timedelta(seconds=2 ** min(attempts, 16)), longest)


def link_of(user: PanelUser) -> str:
    """The first vless link, else the first link at all."""
    return next((link for link in user.links if link.startswith("vless://")), user.links[0])


class Creator:
    """Makes users. What may have happened on a panel is looked up before anything is done again."""

    def __init__(
        self,
        store: ProvisioningStore,
        panels: PanelStore,
        gate: PanelGate,
        choice: PanelChoice,
        clock: Clock,
        data_limit_bytes: int,
        device_limit: int,
    ) -> None:
        self._store = store
        self._panels = panels
        self._gate = gate
        self._choice = choice
        self._clock = clock
        self._data_limit_bytes = data_limit_bytes
        self._device_limit = device_limit

    async def create(self, job: ConfigJob) -> Later | None:
        """See to it that the config's user exists, on the panel it was assigned to or on the best; None when done."""
        if job.instance_id is not None:
            later = await self._create_on(job.instance_id, job, is_first_try=False)
        else:
            later = await self._create_on_best(job)
        for _ in range(FALLBACKS):
            if not isinstance(later, Elsewhere):
                break
            later = await self._create_on_best(job)
        return later

    async def _create_on_best(self, job: ConfigJob) -> Later | None:
        async with self._choice.place(job.avoid, job.country) as instance_id:
            if instance_id is None:
                return await self._after_removal(job)
            if not await self._store.assign(job, instance_id):
                return None
        return await self._create_on(instance_id, replace(job, instance_id=instance_id), is_first_try=True)

    async def _after_removal(self, job: ConfigJob) -> Later:
        """Where no panel is left but those that the config has to leave first."""
        instance_id = await self._choice.best(country=job.country) if job.avoid else None
        if instance_id is None:
            return Later("no panel can take a user")
        await self._store.assign(job, instance_id)
        return Later(f"an older user has to go from {instance_id} first", at_most=MOST_BEFORE_ANOTHER)

    async def _create_on(self, instance_id: str, job: ConfigJob, *, is_first_try: bool) -> Later | None:
        access = await self._panels.get(instance_id)
        if access is None:
            return await self._failed(PanelUnavailable(instance_id, CANT_BE_OPENED), job, is_first_try=is_first_try)
        try:
            user = await self.made(access, job)
            failpoint("config.user_made")
        except ForeignUser:
            log.error("panel_user_foreign", instance_id=instance_id, config_id=job.config_id, username=job.username)
            return Later("foreign user of that name", at_least=FOREIGN_PAUSE)
        except PanelError as failure:
            return await self._failed(failure, job, is_first_try=is_first_try)
        await self._store.created(job, user.subscription_url, link_of(user), self._clock.now())
        return None

    async def _failed(self, failure: PanelError, job: ConfigJob, *, is_first_try: bool) -> Later | None:
        self._choice.leave_out(failure.instance_id)
        # Surely nothing was done, this time. An earlier try, or one that a crash cut short, may have made the
        # user all the same: then this panel keeps the config for a while, and is looked at when it is given up.
        if is_first_try and isinstance(failure, SURELY_NOT_DONE):
            return await self._elsewhere(failure.instance_id, job, str(failure))
        if is_first_try or job.attempts < GIVE_UP_ATTEMPTS:
            return Later(str(failure))
        if await self._choice.best(frozenset({failure.instance_id})) is None:
            return Later(str(failure))
        self._choice.leave_out(failure.instance_id)  # that look may have let it in again
        facts = {"instance_id": failure.instance_id, "config_id": job.config_id}
        log.error("panel_given_up", **facts, username=job.username, reason=str(failure))
        now = self._clock.now()
        if not await self._store.give_up(job, now, now + LEAST_GRACE):
            return None
        return Elsewhere(str(failure), at_most=MOST_BEFORE_ANOTHER)

    async def _elsewhere(self, instance_id: str, job: ConfigJob, reason: str) -> Later | None:
        if not await self._store.assign(job, None):
            return None
        log.warning("config_moves_on", instance_id=instance_id, config_id=job.config_id, reason=reason)
        return Elsewhere(reason, at_most=MOST_BEFORE_ANOTHER)

    async def made(self, access: PanelAccess, job: ConfigJob) -> PanelUser:
        """The config's user on this panel, made or found there within 20 s; PanelError, ForeignUser."""
        try:
            async with asyncio.timeout(MADE_SECONDS):
                return await self._made(access, job)
        except TimeoutError:
            raise AmbiguousOutcome(access.instance_id, f"not done within {MADE_SECONDS} s") from None

    async def _made(self, access: PanelAccess, job: ConfigJob) -> PanelUser:
        note = tag_of(job.config_id)
        wanted = NewPanelUser(job.username, job.expires_at, self._data_limit_bytes, note, self._device_limit)
        try:
            return await self._gate.call(access, lambda client: client.create_user(wanted))
        except (PanelUserExists, AmbiguousOutcome, PanelBadAnswer) as doubt:
            return await self._found(access, job, doubt)

    async def _found(self, access: PanelAccess, job: ConfigJob, doubt: PanelError) -> PanelUser:
        """The user that a doubtful creation left; `doubt` again where there is none, ForeignUser."""
        try:
            user = await self._gate.call(access, lambda client: client.get_user(job.username))
            if user is None:
                raise doubt
            if not is_ours(user, job):
                raise ForeignUser
            if user.expire != int(job.expires_at.timestamp()):
                await self._gate.call(access, lambda client: client.set_expiry(job.username, job.expires_at))
                failpoint("config.user_moved")
            if (user.data_limit or 0) != self._data_limit_bytes:
                await self._gate.call(access, lambda client: client.set_limit(job.username, self._data_limit_bytes))
        except SURELY_NOT_DONE as blind:
            # These would read as "surely not done", which the creation before them is not.
            raise AmbiguousOutcome(access.instance_id, f"{doubt.reason}; no look: {blind.reason}") from None
        if not user.links:
            raise PanelBadAnswer(access.instance_id, "field links is empty")
        log.info("panel_user_adopted", instance_id=access.instance_id, config_id=job.config_id)
        return user
