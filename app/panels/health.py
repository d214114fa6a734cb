"""Owns what makes a panel fit to take a user. Measures nothing and sends nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from app.repo.marzban_client import Core, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

CONNECTED = "connected"
# The panel's own core, which usage rows call Master and give no id. It serves users where there are no nodes at all.
MASTER = Node(id=0, name="Master", status=CONNECTED, usage_coefficient=Decimal(1))


class Unfit(Exception):
    """The panel answers, but should get no new user; the text says why."""


def usable_nodes(nodes: Sequence[Node], excluded: frozenset[str]) -> list[Node]:
    """The nodes that may carry users: connected, not excluded; Unfit where there are none.

    A panel without nodes at all has its master core.
    """
    usable = [node for node in nodes or [MASTER] if node.status == CONNECTED and node.name not in excluded]
    if not usable:
        raise Unfit("no usable node")
    return usable


def check_core(core: Core) -> None:
    """Unfit where the master core, which hands users on to the nodes, does not run."""
    if not core.started:
        raise Unfit("the core is not started")
