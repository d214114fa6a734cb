"""Owns the comparison of panels with the configs on them, page by page, and what follows. Makes and removes no user."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog

from app.failpoints import failpoint
from app.panels.census import tagged_config
from app.panels.creation import LEAST_GRACE
from app.panels.port import ListedUser, Panel, PanelError, PanelUserNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.panels.gate import PanelGate
    from app.services.ports import Clock, PanelStore
    from app.services.records import PanelAccess
    from app.services.upkeep_records import KnownUser, Sweep, SweptConfig

log = structlog.get_logger(__name__)

# As many names as an address may hold on its way through any proxy; users that a panel lists in half a second.
CONFIGS_A_PAGE = 100
USERS_A_PAGE = 500
PAGES_A_RUN = 20
LEASE = timedelta(minutes=5)
AGAIN_AFTER_FAILURE = timedelta(minutes=5)
# More than this of what was looked at is no accident of single users: an operator has to look first.
MOST_SHARE, MOST_AT_LEAST = 5, 20
MISSING, GONE = "missing", "leftovers"
CONFIGS, USERS, DONE = "configs", "users", "done"


class SweepStore(Protocol):
    """What should be, and how far the looks have come."""

    async def claim_sweep(self, now: datetime, lease_end: datetime) -> Sweep | None:
        """The comparison of the panel that waited longest, until `lease_end`; one that was cut off goes on."""
        ...

    async def save_sweep(self, sweep: Sweep, now: datetime, at: datetime) -> bool:
        """Remember how far it came, to go on or begin anew at `at`; False where another has it by now."""
        ...

    async def stop_sweep(self, sweep: Sweep, now: datetime, at: datetime, reason: TooManyDifferences) -> None:
        """End it unfinished, and have operators told, once a day."""
        ...

    async def standing(self, instance_id: str, after: int, limit: int) -> list[SweptConfig]:
        """Configs that stand on the panel, in the order of their ids, those behind `after`."""
        ...

    async def how_many_run(self, instance_id: str, now: datetime) -> int:
        """How many configs that have not ended stand on the panel."""
        ...

    async def do_again(self, instance_id: str, configs: Sequence[SweptConfig], now: datetime) -> None:
        """Have the panel made to match these once more, unless they changed or went since they were read."""
        ...

    async def known(self, instance_id: str, usernames: Sequence[str]) -> list[KnownUser]:
        """The configs that ever had these names."""
        ...

    async def leave(self, instance_id: str, config_ids: Sequence[int], now: datetime, at: datetime) -> None:
        """Have the users of these configs removed from the panel at `at`, unless they stand there by then."""
        ...


class TooManyDifferences(Exception):
    """More differs than single accidents explain: `count` of `among` configs are missing, or users left over."""

    def __init__(self, what: str, count: int, among: int) -> None:
        super().__init__(f"{what}: {count} of {among}")
        self.what = what
        self.count = count
        self.among = among


class Sweeper:
    """Compares both ways, and relies neither on the order of a panel's list nor on that list being whole.

    Configs are asked for by name, a page at a time; of the list only what it shows is judged.
    """

    def __init__(
        self,
        store: SweepStore,
        panels: PanelStore,
        gate: PanelGate,
        clock: Clock,
        *,
        every: timedelta,
        data_limit_bytes: int,
        acts: bool = True,
        is_bounded: bool = True,
    ) -> None:
        self._store = store
        self._panels = panels
        self._gate = gate
        self._clock = clock
        self._every = every
        self._data_limit_bytes = data_limit_bytes
        self._acts = acts
        self._is_bounded = is_bounded

    async def run_once(self) -> bool:
        """Take up the panel that waited longest, for a number of pages; whether there was one."""
        now = self._clock.now()
        sweep = await self._store.claim_sweep(now, now + LEASE)
        if sweep is None:
            return False
        access = await self._panels.get(sweep.instance_id)
        if access is None:
            await self._store.save_sweep(sweep, now, now + AGAIN_AFTER_FAILURE)
            return True
        pause = timedelta()
        try:
            for _ in range(PAGES_A_RUN):
                sweep = await self.page(access, sweep)
                if sweep.phase == DONE:
                    pause = self._every
                    _tell(sweep)
                    break
        except TooManyDifferences as many:
            log.error("panel_sweep_stopped", instance_id=sweep.instance_id, reason=str(many))
            now = self._clock.now()
            await self._store.stop_sweep(sweep, now, now + self._every, many)
            return True
        except PanelError as failure:
            log.warning("panel_sweep_waits", instance_id=sweep.instance_id, reason=failure.reason)
            pause = AGAIN_AFTER_FAILURE
        now = self._clock.now()
        await self._store.save_sweep(sweep, now, now + pause)
        return True

    async def page(self, access: PanelAccess, sweep: Sweep) -> Sweep:
        """The comparison after one page more; PanelError, TooManyDifferences."""
        if sweep.phase == CONFIGS:
            return await self._configs_page(access, sweep)
        return await self._users_page(access, sweep)

    def _bound(self, sweep: Sweep, what: str, among: int) -> None:
        count = sweep.counts.get(what, 0)
        if self._is_bounded and count > max(MOST_AT_LEAST, among // MOST_SHARE):
            raise TooManyDifferences(what, count, among)

    async def _configs_page(self, access: PanelAccess, sweep: Sweep) -> Sweep:
        page = await self._store.standing(access.instance_id, sweep.after_config, CONFIGS_A_PAGE)
        if not page:
            return replace(sweep, phase=USERS)
        names = [config.username for config in page]
        listed = await self._gate.call(access, lambda client: client.named_users(names))
        users = {user.username: user for user in listed}
        found: Counter[str] = Counter(configs=len(page))
        again, now = [], self._clock.now()
        for config in page:
            what = _fault(users.get(config.username), config, now) if config.is_settled else None
            if what is not None:
                found[what] += 1
            if what in {MISSING, "ends"}:
                again.append(config)
        limits = [config.username for config in page if self._is_limited_otherwise(users.get(config.username), config)]
        found["limits"] = len(limits)
        sweep = _counted(replace(sweep, after_config=page[-1].config_id), found)
        if found[MISSING]:
            self._bound(sweep, MISSING, await self._store.how_many_run(access.instance_id, now))
        if self._acts and again:
            await self._store.do_again(access.instance_id, again, now)
        if self._acts:
            await self._limit(access, limits)
        return sweep

    def _is_limited_otherwise(self, user: ListedUser | None, config: SweptConfig) -> bool:
        if user is None or tagged_config(user) != config.config_id:
            return False
        return (user.data_limit or 0) != self._data_limit_bytes

    async def _limit(self, access: PanelAccess, usernames: Sequence[str]) -> None:
        for username in usernames:
            limited = partial(_set_limit, username, self._data_limit_bytes)
            try:
                await self._gate.call(access, limited)
            except PanelUserNotFound:
                log.info("panel_user_gone", instance_id=access.instance_id, username=username)
            failpoint("sweep.limit_set")

    async def _users_page(self, access: PanelAccess, sweep: Sweep) -> Sweep:
        page = await self._gate.call(access, lambda client: client.users(sweep.users_seen, USERS_A_PAGE))
        found: Counter[str] = Counter(users=len(page.users))
        ours = {user.username: config_id for user in page.users if (config_id := tagged_config(user)) is not None}
        known = {one.username: one for one in await self._store.known(access.instance_id, list(ours))} if ours else {}
        gone = []
        for username, config_id in ours.items():
            one = known.get(username)
            if one is None or one.config_id != config_id:
                found["unknown"] += 1
                facts = {"instance_id": access.instance_id, "username": username}
                log.warning("panel_user_unknown", **facts, config_id=config_id)
            elif not one.stands_here and one.may_go:
                gone.append(config_id)
        found[GONE] = len(gone)
        is_last = sweep.users_seen + len(page.users) >= page.total or not page.users
        # Users who go meanwhile move the others up, and some of those are passed over: the next round sees them.
        seen = sweep.users_seen + len(page.users)
        sweep = replace(sweep, users_seen=seen, phase=DONE if is_last else USERS)
        sweep = _counted(sweep, found)
        self._bound(sweep, GONE, page.total)
        if self._acts and gone:
            now = self._clock.now()
            await self._store.leave(access.instance_id, gone, now, now + LEAST_GRACE)
        return sweep


async def _set_limit(username: str, data_limit_bytes: int, client: Panel) -> None:
    await client.set_limit(username, data_limit_bytes)


def _tell(sweep: Sweep) -> None:
    differs = any(name not in {"configs", "users"} for name in sweep.counts)
    (log.warning if differs else log.info)("panel_swept", instance_id=sweep.instance_id, **sweep.counts)


def _fault(user: ListedUser | None, config: SweptConfig, now: datetime) -> str | None:
    if user is None:
        # Panels and operators clear away whose time is over; a renewal makes them again.
        return MISSING if config.expires_at > now else None
    if tagged_config(user) != config.config_id:
        return "unmarked"
    if user.expire != int(config.expires_at.timestamp()):
        return "ends"
    return None if user.is_enabled else "disabled"


def _counted(sweep: Sweep, found: Counter[str]) -> Sweep:
    return replace(sweep, counts=dict(Counter(sweep.counts) + found))
