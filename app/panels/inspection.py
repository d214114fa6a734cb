"""Owns the operator's look at all panels: how they are, and whether they have what they should. Changes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.panels.census import Difference, differences
from app.panels.clients import PanelClients
from app.panels.health import Unfit, usable_nodes
from app.panels.port import ListedUser, Panel, PanelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from app.services.oversight_records import StandingConfig
    from app.services.records import PanelAccess

PAGE = 500


class StandingConfigs(Protocol):
    """Where it is written what panels should have."""

    async def standing(self) -> list[StandingConfig]:
        """Every config that a panel has or is about to have or to lose."""
        ...


@dataclass(frozen=True, slots=True)
class PanelFinding:
    """One panel: how many users were counted, or why it could not be looked at."""

    instance_id: str
    users: int = 0
    differences: frozenset[Difference] = frozenset()
    unseen: str | None = None


@dataclass(frozen=True, slots=True)
class Checkup:
    """How a panel is, in words that hold no secret."""

    instance_id: str
    is_well: bool
    said: str


class PanelInspector:
    """Looks at panels without a breaker: an operator asks once, and wants to know."""

    def __init__(self, clients: PanelClients) -> None:
        self._clients = clients

    async def census(
        self, panels: Sequence[PanelAccess], configs: StandingConfigs, now: datetime
    ) -> list[PanelFinding]:
        """What differs on these panels, and on those that configs stand on although nobody can open them.

        What changes at this very moment differs too, but not twice: only what a second look confirms is told.
        """
        first = await self._compared(panels, configs, now)
        if not any(finding.differences for finding in first):
            return first
        again = {finding.instance_id: finding for finding in await self._compared(panels, configs, now)}
        return [_confirmed(finding, again.get(finding.instance_id, finding)) for finding in first]

    async def checkups(self, panels: Iterable[PanelAccess]) -> list[Checkup]:
        """Each panel's login, core and nodes."""
        return list(await asyncio.gather(*(self._checkup(access) for access in panels)))

    async def _compared(
        self, panels: Sequence[PanelAccess], configs: StandingConfigs, now: datetime
    ) -> list[PanelFinding]:
        standing = await configs.standing()
        known = {access.instance_id for access in panels}
        lost = sorted({config.instance_id for config in standing} - known)
        compared = [
            self._compare(access, [config for config in standing if config.instance_id == access.instance_id], now)
            for access in panels
        ]
        unseen = [PanelFinding(instance_id, unseen="its password can't be opened") for instance_id in lost]
        return [*await asyncio.gather(*compared), *unseen]

    async def _compare(
        self, access: PanelAccess, configs: Sequence[StandingConfig], now: datetime
    ) -> PanelFinding:
        try:
            users = await _all_users(self._clients.for_instance(access))
        except PanelError as failure:
            return PanelFinding(access.instance_id, unseen=failure.reason)
        found = frozenset(differences(access.instance_id, users.values(), configs, now))
        return PanelFinding(access.instance_id, len(users), found)

    async def _checkup(self, access: PanelAccess) -> Checkup:
        client = self._clients.for_instance(access)
        try:
            health = await client.health()
            usable = usable_nodes(health, access.excluded_node_names)
        except (PanelError, Unfit) as failure:
            return Checkup(access.instance_id, is_well=False, said=getattr(failure, "reason", str(failure)))
        nodes = len(health.nodes)
        of_nodes = f"{len(usable)} of {nodes} nodes usable" if nodes else "no nodes, the core serves alone"
        said = f"{health.product}, {of_nodes}, {health.users_active} active users"
        return Checkup(access.instance_id, is_well=True, said=said)


async def _all_users(client: Panel) -> dict[str, ListedUser]:
    users: dict[str, ListedUser] = {}
    offset, total = 0, 1
    while offset < total:
        page = await client.users(offset, PAGE)
        users |= {user.username: user for user in page.users}
        offset, total = offset + PAGE, page.total
    return users


def _confirmed(first: PanelFinding, second: PanelFinding) -> PanelFinding:
    if second.unseen is not None:
        return second
    return PanelFinding(second.instance_id, second.users, first.differences & second.differences, first.unseen)
