"""Owns the calls to PasarGuard panels (API 5.2): the adapter behind the port. Must not choose or interpret panels."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from app.panels.pasarguard_models import (
    AccessProfile,
    GuardUser,
    GuardUserWithLink,
    NodesPage,
    NodesUsage,
    SystemUsers,
    UserGroups,
    new_user,
    written,
)
from app.panels.port import (
    SURELY_NOT_DONE,
    AmbiguousOutcome,
    Capabilities,
    PanelBadAnswer,
    PanelHealth,
    PanelInvalid,
    PanelLoad,
    PanelUserNotFound,
)
from app.repo.panel_answers import first_failure, parsed, profile_of
from app.repo.panel_family import PanelFamily
from app.repo.panel_family_models import FamilyUsers
from app.repo.panel_http import Ask

if TYPE_CHECKING:
    from datetime import datetime

    from app.panels.port import NewPanelUser, PanelUser, UserPage

# The panel's names of the formats that Marzban's links and the shop's call otherwise.
FORMATS = {
    "sing-box": "sing_box",
    "clash-meta": "clash_meta",
    "v2ray": "links_base64",
    "v2ray-json": "xray",
}


class PasarGuard(PanelFamily):
    """One PasarGuard panel. Implements app.panels.port.Panel, which says what each method promises."""

    capabilities = Capabilities(native_device_limit=True, on_hold=True, webhooks=True, never_expires=True)

    def format_name(self, form: str) -> str:
        """What the panel calls a format in the path of a subscription."""
        return FORMATS.get(form, form)

    async def health(self) -> PanelHealth:
        """The panel has no core of its own: it serves by its nodes."""
        async with first_failure(), asyncio.TaskGroup() as group:
            system = group.create_task(self._calls.get("/api/system"))
            nodes = group.create_task(self._calls.get("/api/nodes"))
        counted = parsed(self.instance_id, SystemUsers, system.result())
        return PanelHealth(
            product=f"PasarGuard {counted.version}",
            is_serving=True,
            serves_alone=False,
            users_active=counted.active_users,
            nodes=tuple(node.told() for node in parsed(self.instance_id, NodesPage, nodes.result()).nodes),
        )

    async def load(self, start: datetime, end: datetime) -> PanelLoad:
        """Its health and its nodes' bytes, of the whole hours that begin in the window."""
        window = {"start": written(start), "end": written(end), "period": "hour", "group_by_node": "true"}
        async with first_failure(), asyncio.TaskGroup() as group:
            health = group.create_task(self.health())
            usage = group.create_task(self._calls.get("/api/node/usage", window))
        return PanelLoad(health.result(), parsed(self.instance_id, NodesUsage, usage.result()).bytes_of())

    async def create_user(self, user: NewPanelUser) -> PanelUser:
        """Make a user in all groups that are on, or in those that the row's access profile names."""
        self._calls.path_of(user.username)
        body = new_user(user, await self._group_ids())
        made = self._user(await self._calls.send(Ask("POST", "/api/user", body=body)), user.username)
        try:
            linked = await self._with_links(made)
        except (*SURELY_NOT_DONE, PanelUserNotFound) as blind:
            # These would read as "surely not made", which the user above is not.
            raise AmbiguousOutcome(self.instance_id, f"made, but no links: {blind.reason}") from None
        if not linked.links:
            raise PanelBadAnswer(self.instance_id, "the subscription is empty")
        return linked

    async def get_user(self, username: str) -> PanelUser | None:
        """The user with what the subscription holds, or None where the panel says that there is none."""
        try:
            user = self._user(await self._calls.get(self._calls.path_of(username)), username)
            return await self._with_links(user)
        except PanelUserNotFound:
            return None

    async def rotate_credentials(self, username: str) -> PanelUser:
        """New secrets for every protocol, and a new link."""
        return await self._with_links(await super().rotate_credentials(username))

    async def _group_ids(self) -> list[int]:
        """The groups that stand for inbounds here; a user must have one at least."""
        wanted = profile_of(self._access, AccessProfile).group_ids
        groups = parsed(self.instance_id, UserGroups, await self._calls.get("/api/groups")).groups
        enabled = [group.id for group in groups if not group.is_disabled]
        chosen = enabled if wanted is None else [group_id for group_id in wanted if group_id in enabled]
        if not chosen or (wanted is not None and len(chosen) < len(wanted)):
            raise PanelInvalid(self.instance_id, {"group_ids": "no such group is on"})
        return chosen

    async def _with_links(self, user: PanelUser) -> PanelUser:
        """The user with the links of the subscription: asked for as an admin, which takes no place of a device."""
        text = await self._calls.text(f"/api/user/{user.remote_id}/subscription/links")
        return replace(user, links=tuple(line.strip() for line in text.splitlines() if "://" in line))

    def _page(self, content: object) -> UserPage:
        return parsed(self.instance_id, FamilyUsers[GuardUser], content).told()

    def _user(self, content: object, username: str) -> PanelUser:
        user = parsed(self.instance_id, GuardUserWithLink, content)
        self._calls.check_name(user.username, username)
        return user.told(self._calls.absolute(user.subscription_url))
