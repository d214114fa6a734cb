"""Owns the measuring of one panel's load. Must not compare panels or remember anything."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.scores import NodeLoad, node_score
from app.panels.health import MASTER, check_core, usable_nodes
from app.panels.table import MeasuredPanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.repo.marzban_client import MarzbanClient, Node, NodeUsage
    from app.services.records import PanelAccess

WINDOW = timedelta(hours=3)
GIB = Decimal(1024**3)


async def measure(client: MarzbanClient, access: PanelAccess, now: datetime) -> MeasuredPanel:
    """The panel's best node and its score; Unfit, or the client's errors."""
    try:
        async with asyncio.TaskGroup() as group:
            core = group.create_task(client.core())
            nodes = group.create_task(client.nodes())
            system = group.create_task(client.system())
            usages = group.create_task(client.nodes_usage(now - WINDOW, now))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    check_core(core.result())
    usable = usable_nodes(nodes.result(), access.excluded_node_names)
    best = min(node_loads(usable, usages.result(), system.result().users_active), key=node_score)
    return MeasuredPanel(
        instance_id=access.instance_id,
        node=best.name,
        score=node_score(best),
        step=best.coefficient / len(usable),
        priority=access.priority,
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
