"""Owns the moving of configs to other panels, the new user first. Must not remove the old one or judge a panel."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from app.failpoints import failpoint
from app.panels.creation import LEAST_GRACE, LONGEST_PAUSE, Creator, ForeignUser, Later, link_of, pause_after
from app.panels.faults import where
from app.panels.port import AmbiguousOutcome, PanelBadAnswer, PanelError
from app.services.records import ConfigJob, ConfigWork

if TYPE_CHECKING:
    from datetime import datetime

    from app.panels.choice import PanelChoice
    from app.services.ports import Clock, PanelStore
    from app.services.upkeep_records import ConfigMove

log = structlog.get_logger(__name__)

# Half of what a panel takes side by side: customers who wait for a config come first.
SIDE_BY_SIDE = 4
MOST_UNDER_WAY = 200
LEASE_SECONDS = 30
MOVE_SECONDS = 25
# A target that surely did nothing is passed over at once; one that may have made the user gets so many tries.
DOUBTS = (AmbiguousOutcome, PanelBadAnswer)
MOST_TRIES = 5


class MoveStore(Protocol):
    """Where moves are remembered."""

    async def plan(self, now: datetime, silent_before: datetime | None, most: int) -> int:
        """Note the next configs that have to leave their panel, until `most` are on the move; how many came to it."""
        ...

    async def claim(
        self, now: datetime, silent_before: datetime | None, lease_seconds: int, limit: int
    ) -> list[ConfigMove]:
        """Lease up to `limit` due moves."""
        ...

    async def aim(self, move: ConfigMove, target: str) -> bool:
        """Commit where the config goes, before any call; False where the move is another's by now.

        False too where a user of the config has to go from there first, which then happens without more delay.
        """
        ...

    async def switch(
        self, move: ConfigMove, subscription_url: str, link: str, now: datetime, remove_at: datetime
    ) -> bool:
        """Have the config stand on its target, and the user on its source removed at `remove_at`."""
        ...

    async def give_up(self, move: ConfigMove, now: datetime, remove_at: datetime) -> None:
        """The config stays where it is; what may stand on its target is removed at `remove_at`."""
        ...

    async def put_off(self, move: ConfigMove, at: datetime, error: str) -> None:
        """Try again at `at`; `error` is for the operator and holds no secret."""
        ...


class Mover:
    """Moves what stands on panels that are left. Several may run at once: leases and the rows' own state fence them.

    A config that can't be made elsewhere stays where it is, and is tried again.
    """

    def __init__(
        self,
        store: MoveStore,
        panels: PanelStore,
        choice: PanelChoice,
        creator: Creator,
        clock: Clock,
        *,
        silence: timedelta | None,
        grace: timedelta,
    ) -> None:
        self._store = store
        self._panels = panels
        self._choice = choice
        self._creator = creator
        self._clock = clock
        self._silence = silence
        self._grace = max(grace, LEAST_GRACE)

    async def run_once(self) -> int:
        """Carry out a few moves side by side, planning more where none is due; how many were taken up."""
        moves = await self._claimed()
        if not moves and await self._store.plan(self._clock.now(), self._silent_before(), MOST_UNDER_WAY):
            moves = await self._claimed()
        await asyncio.gather(*(self._see_to(move) for move in moves))
        return len(moves)

    def _silent_before(self) -> datetime | None:
        return None if self._silence is None else self._clock.now() - self._silence

    async def _claimed(self) -> list[ConfigMove]:
        return await self._store.claim(self._clock.now(), self._silent_before(), LEASE_SECONDS, SIDE_BY_SIDE)

    async def _see_to(self, move: ConfigMove) -> None:
        """One move, whatever it does: nothing of it may stop the others."""
        try:
            if not move.is_wanted:
                await self._give_up(move, "it need not move any more")
            elif (aimed := move if move.target else await self._aimed(move)) is not None:
                later = await self._tried(aimed)
                if later is not None:
                    await self._put_off(aimed, later.reason)
        except Exception as error:  # noqa: BLE001 - the job loop: logged, and the lease brings the move back
            log.error("config_move_failed", config_id=move.config_id, **where(error))

    async def _put_off(self, move: ConfigMove, reason: str) -> None:
        log.warning("config_move_waits", config_id=move.config_id, source=move.source, reason=reason)
        at = self._clock.now() + pause_after(move.attempts, LONGEST_PAUSE)
        await self._store.put_off(move, at, reason)

    async def _aimed(self, move: ConfigMove) -> ConfigMove | None:
        """The move with a target, which every later statement about it names; None where there is none."""
        if move.is_wished and move.country is None and await self._choice.best(move.avoid) == move.source:
            await self._give_up(move, "it stands on the best panel")
            return None
        async with self._choice.place(move.avoid | {move.source}, move.country, strict=_is_strict(move)) as target:
            if target is not None and await self._store.aim(move, target):
                return replace(move, target=target, attempts=1)
        reason, waits = await self._after_removal(move, target)
        if waits or not move.is_wished:
            await self._put_off(move, reason)
        else:
            await self._give_up(move, reason)
        return None

    async def _after_removal(self, move: ConfigMove, refused: str | None) -> tuple[str, bool]:
        """Why the move stops, and whether for a panel that it has to leave first, which is made ready for it then."""
        target = refused or await self._choice.best(frozenset({move.source}), move.country, strict=_is_strict(move))
        if target is None:
            return "no other panel can take a user", False
        if refused is None:
            await self._store.aim(move, target)
        return f"an older user has to go from {target} first", True

    async def _tried(self, move: ConfigMove) -> Later | None:
        try:
            async with asyncio.timeout(MOVE_SECONDS):
                return await self._made_on(move, move.target or "")
        except TimeoutError:
            failpoint("move.not_made")
            return Later(f"not done within {MOVE_SECONDS} s")

    async def _made_on(self, move: ConfigMove, target: str) -> Later | None:
        access = await self._panels.get(target)
        if access is None:
            await self._give_up(move, "the target can't be opened any more")
            return None
        try:
            user = await self._creator.made(access, _job(move, target))
            failpoint("move.user_made")
        except (ForeignUser, PanelError) as failure:
            failpoint("move.not_made")
            if isinstance(failure, DOUBTS) and move.attempts < MOST_TRIES:
                return Later(str(failure))
            self._choice.leave_out(target)
            await self._give_up(move, str(failure) or "a foreign user has the name")
            return None
        now = self._clock.now()
        if await self._store.switch(move, user.subscription_url, link_of(user), now, now + self._grace):
            log.info("config_moved", config_id=move.config_id, source=move.source, target=target)
        else:
            await self._give_up(move, "the config changed meanwhile")
        return None

    async def _give_up(self, move: ConfigMove, reason: str) -> None:
        """Planned anew where the config still has to go, and then to another panel: the leftover keeps it from here."""
        now = self._clock.now()
        await self._store.give_up(move, now, now + LEAST_GRACE)
        log.warning(
            "config_move_given_up", config_id=move.config_id, source=move.source, target=move.target, reason=reason
        )


def _is_strict(move: ConfigMove) -> bool:
    """Whoever wishes for a country gets that or stays; what has to leave its panel goes there first, or anywhere."""
    return move.is_wished and move.country is not None


def _job(move: ConfigMove, target: str) -> ConfigJob:
    return ConfigJob(
        config_id=move.config_id,
        owner=move.owner,
        work=ConfigWork.CREATE,
        instance_id=target,
        username=move.username,
        expires_at=move.expires_at,
        revision=move.revision,
        attempts=move.attempts,
    )
