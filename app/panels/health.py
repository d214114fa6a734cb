"""Owns what makes a panel fit to take a user. Measures nothing and sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.panels.port import PanelNode

if TYPE_CHECKING:
    from app.panels.port import PanelHealth

# The panel's own core, whose bytes have no node. It serves users where there are no nodes at all.
MASTER = PanelNode(id=0, name="Master", is_connected=True)


class Unfit(Exception):
    """The panel answers, but should get no new user; the text says why."""


def usable_nodes(health: PanelHealth, excluded: frozenset[str]) -> list[PanelNode]:
    """The nodes that may carry users: connected, not excluded; Unfit where there are none, or the core is stopped.

    A panel without nodes at all has its master core, if it is of a kind that has one.
    """
    if not health.is_serving:
        raise Unfit("the core is not started")
    alone = [MASTER] if health.serves_alone else []
    usable = [node for node in health.nodes or alone if node.is_connected and node.name not in excluded]
    if not usable:
        raise Unfit("no usable node")
    return usable
