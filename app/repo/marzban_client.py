"""Owns the calls to Marzban panels (0.4.2 to 0.8.4): transport only. Must not choose a panel or judge a user."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.repo.marzban_models import (
    AccessProfile,
    Core,
    Inbounds,
    MarzbanListed,
    MarzbanUser,
    Nodes,
    NodesUsage,
    NodeUsage,
    System,
    new_user,
)
from app.repo.panel_answers import first_failure, parsed, profile_of
from app.repo.panel_errors import PanelBadAnswer, PanelInvalid, PanelUserNotFound
from app.repo.panel_family import PanelFamily
from app.repo.panel_family_models import FamilyNode, FamilyUsers
from app.repo.panel_http import Ask
from app.repo.panel_records import Capabilities, NewPanelUser, PanelHealth, PanelLoad, PanelUser, UserPage

if TYPE_CHECKING:
    from datetime import datetime


class MarzbanClient(PanelFamily):
    """One Marzban panel. Implements app.panels.port.Panel, which says what each method promises."""

    capabilities = Capabilities(on_hold=True, webhooks=True, never_expires=True, access_logs=True)

    def format_name(self, form: str) -> str:
        """The shop's names of formats are Marzban's."""
        return form

    async def nodes(self) -> tuple[FamilyNode, ...]:
        """All nodes in any state, without the master core. Needs a sudo account."""
        return parsed(self.instance_id, Nodes, await self._calls.get("/api/nodes")).root

    async def nodes_usage(self, start: datetime, end: datetime) -> tuple[NodeUsage, ...]:
        """Bytes of each node and the master core between two aware instants, in the panel's whole hours. Needs sudo."""
        # With the offset spelled out: a panel reads a naive instant in its own time zone.
        window = {"start": start.isoformat(timespec="seconds"), "end": end.isoformat(timespec="seconds")}
        return parsed(self.instance_id, NodesUsage, await self._calls.get("/api/nodes/usage", window)).usages

    async def system(self) -> System:
        """The panel's counters of users."""
        return parsed(self.instance_id, System, await self._calls.get("/api/system"))

    async def inbounds(self) -> Inbounds:
        """What the panel offers, by protocol."""
        return parsed(self.instance_id, Inbounds, await self._calls.get("/api/inbounds"))

    async def core(self) -> Core:
        """Whether the master core runs."""
        return parsed(self.instance_id, Core, await self._calls.get("/api/core"))

    async def health(self) -> PanelHealth:
        """The master core, which hands users on to the nodes, and the nodes."""
        async with first_failure(), asyncio.TaskGroup() as group:
            core = group.create_task(self.core())
            nodes = group.create_task(self.nodes())
            system = group.create_task(self.system())
        return PanelHealth(
            product=f"Marzban {system.result().version}",
            is_serving=core.result().started,
            serves_alone=True,
            users_active=system.result().users_active,
            nodes=tuple(node.told() for node in nodes.result()),
        )

    async def load(self, start: datetime, end: datetime) -> PanelLoad:
        """Its health and its nodes' bytes; the master core's stand under 0."""
        async with first_failure(), asyncio.TaskGroup() as group:
            health = group.create_task(self.health())
            usages = group.create_task(self.nodes_usage(start, end))
        bytes_of = {usage.node_id or 0: usage.uplink + usage.downlink for usage in usages.result()}
        return PanelLoad(health.result(), bytes_of)

    async def create_user(self, user: NewPanelUser) -> PanelUser:
        """Make a user on all inbounds of vless and vmess, or on those that the row's access profile names."""
        self._calls.path_of(user.username)
        profile = profile_of(self._access, AccessProfile)
        # Asked for anew each time: one protocol too many is refused, and none at all breaks the panel's own lists.
        proxies = (await self.inbounds()).proxies(profile)
        if not proxies:
            raise PanelInvalid(self.instance_id, {"proxies": "the panel has neither vless nor vmess"})
        content = await self._calls.send(Ask("POST", "/api/user", body=new_user(user, proxies, profile)))
        made = self._user(content, user.username)
        if not made.links:
            raise PanelBadAnswer(self.instance_id, "field links is empty")
        return made

    async def get_user(self, username: str) -> PanelUser | None:
        """The user, or None where the panel says that there is none."""
        try:
            return self._user(await self._calls.get(self._calls.path_of(username)), username)
        except PanelUserNotFound:
            return None

    def _page(self, content: object) -> UserPage:
        return parsed(self.instance_id, FamilyUsers[MarzbanListed], content).told()

    def _user(self, content: object, username: str) -> PanelUser:
        user = parsed(self.instance_id, MarzbanUser, content)
        self._calls.check_name(user.username, username)
        return user.told(self._calls.absolute(user.subscription_url))
