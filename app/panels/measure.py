"""Owns the measuring of one panel's load. Must not compare panels or remember anything."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.scores import LoadRule, NodeLoad
from app.panels.health import MASTER, check_core, usable_nodes
from app.panels.table import MeasuredPanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.repo.marzban_client import MarzbanClient, Node, NodeUsage
    from app.services.records import PanelAccess

GIB = Decimal(1024**3)


async def measure(client: MarzbanClient, access: PanelAccess, now: datetime, rule: LoadRule) -> MeasuredPanel:
    """The panel's best node and its score by the rule; Unfit, or the client's errors."""
    try:
        async with asyncio.TaskGroup() as group:
            core = group.create_task(client.core())
            nodes = group.create_task(client.nodes())
            system = group.create_task(client.system())
            usages = group.create_task(client.nodes_usage(now - rule.window, now))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    check_core(core.result())
    usable = usable_nodes(nodes.result(), access.excluded_node_names)
    users = system.result().users_active
    best = min(node_loads(usable, usages.result(), users), key=rule.score)
    return MeasuredPanel(
        instance_id=access.instance_id,
        node=best.name,
        score=rule.score(best),
        step=best.coefficient / len(usable),
        users=users,
    )


def node_loads(usable: Sequence[Node], usages: Sequence[NodeUsage], users_active: int) -> list[NodeLoad]:
    """The load of each usable node: an even share of the panel's active users, and its own GiB of the window.

    An even share, for Marzban pushes every user to every node and does not say which one they use.
    """
    share = Decimal(users_active) / len(usable)
    bytes_of = {usage.node_id or MASTER.id: usage.uplink + usage.downlink for usage in usages}
    return [
        NodeLoad(node.name, share, node.usage_coefficient, recent_gib=bytes_of.get(node.id, 0) / GIB)
        for node in usable
    ]
