"""Owns the measuring of one panel's load. Must not compare panels or remember anything."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.scores import LoadRule, NodeLoad
from app.panels.health import usable_nodes
from app.panels.table import MeasuredPanel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.panels.port import Panel, PanelNode
    from app.services.records import PanelAccess

GIB = Decimal(1024**3)


async def measure(client: Panel, access: PanelAccess, now: datetime, rule: LoadRule) -> MeasuredPanel:
    """The panel's best node and its score by the rule; Unfit, or the client's errors."""
    load = await client.load(now - rule.window, now)
    usable = usable_nodes(load.health, access.excluded_node_names)
    best = min(node_loads(usable, load.bytes_of, load.health.users_active), key=rule.score)
    return MeasuredPanel(
        instance_id=access.instance_id,
        node=best.name,
        score=rule.score(best),
        step=best.coefficient / len(usable),
        users=load.health.users_active,
    )


def node_loads(usable: Sequence[PanelNode], bytes_of: Mapping[int, int], users_active: int) -> list[NodeLoad]:
    """The load of each usable node: its users, and its own GiB of the window.

    Where the panel does not tell nodes' users apart, an even share of the active ones: Marzban pushes every user to
    every node and does not say which one they use.
    """
    share = Decimal(users_active) / len(usable)
    return [
        NodeLoad(
            node.name,
            share if node.users is None else Decimal(node.users),
            node.usage_coefficient,
            recent_gib=bytes_of.get(node.id, 0) / GIB,
        )
        for node in usable
    ]
