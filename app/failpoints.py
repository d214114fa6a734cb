"""Named places between two effects, at which a test has the process die. Off it does nothing; knows no effect itself.

A point stands in the line after its effect, with no `await` between: by its name that effect has happened and the next
one has not. tests/integration/test_failpoints.py fails where two effects have no point between them.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Hook = Callable[[str], None]

# Orders for a bot of a test's own; config.py refuses it where the bot does not live in the sandbox.
VARIABLE = "ORBIT_FAILPOINTS"

Point = Literal[
    # what Telegram brings
    "update.fetched", "update.kept", "update.dealt_with", "update.confirmed", "update.due", "update.handled",
    "update.forgotten", "checkout.answered",
    # an invoice on its way to the customer, and its end
    "invoice.stored", "invoice.issued", "invoice.not_issued", "invoice.issue_stored", "invoice.attached",
    "invoice.cancelled", "invoice.closed", "invoice.not_closed", "invoice.expired", "invoice.swept",
    # money
    "ton.settled", "ton.scanned", "receipt.credited", "receipt.refunded", "stars.advanced", "purchase.bought",
    "refund.asked", "refund.given", "refund.in_doubt", "refund.closed", "gift.bought", "promo.redeemed",
    "money.assigned", "balance.adjusted", "pending.completed", "rate.noted", "rate.forgotten",
    "provider.heard",
    # what follows on the panels
    "config.requested", "config.doomed", "config.claimed", "config.assigned", "config.user_made", "config.created",
    "config.user_moved", "config.synced", "config.user_deleted", "config.deleted", "config.failed",
    "config.postponed",
    # what was paid and not delivered, and what the past has left
    "undelivered.reported", "purchase.returned", "legacy.moved",
    "pause.wanted", "pause.claimed", "pause.user_disabled", "pause.begun", "pause.user_enabled", "pause.over",
    "pause.failed", "pause.postponed",
    "config.postponed", "config.user_lost", "config.renamed", "config.guided", "traffic.counted", "traffic.forgotten",
    # configs on the move, what they leave behind, and looks at panels
    "move.wished", "move.planned", "move.claimed", "move.aimed", "move.user_made", "move.not_made", "move.switched",
    "move.given_up", "move.put_off",
    "leftover.claimed", "leftover.user_removed", "leftover.not_removed", "leftover.removed", "leftover.kept",
    "panel.looked_at", "panel.heard", "sweep.claimed", "sweep.noted", "sweep.limit_set", "sweep.saved",
    # what people see
    "account.made", "account.uncached", "dialogue.state", "dialogue.data", "screen.answered", "screen.shown",
    "screen.sent", "screen.deleted", "notice.claimed", "notice.edited", "notice.failed", "notice.marked",
    "notice.postponed",
    # what renews itself, and what people are reminded of
    "renewal.agreed", "renewal.stopped", "renewal.claimed", "renewal.bought", "renewal.put_off",
    "reminder.begun", "reminder.written", "reminder.taken", "reminder.not_sent", "reminder.closed",
    "reminder.released", "reminder.switched",
    # what operators are told
    "news.gathered", "news.claimed", "news.sent", "news.not_sent", "news.marked", "news.closed", "news.postponed",
]  # fmt: skip
POINTS: frozenset[str] = frozenset(get_args(Point))

_hook: Hook | None = None


class PointReached(Exception):
    """What an armed point raises where its order says so."""


def failpoint(point: Point) -> None:
    """The effect that `point` is named after has happened, and the next one has not."""
    if _hook is not None:
        _hook(point)


def plant(hook: Hook | None) -> None:
    """Have `hook` called at every point from now on; None: nothing."""
    global _hook
    _hook = hook


def arm(orders: str) -> None:
    """Plant orders such as `ton.settled=kill;notice.marked@2=raise`: what is done when a point is met the nth time.

    `kill` is SIGKILL to this process, `pause` is SIGSTOP (until somebody sends SIGCONT), `raise` is PointReached.
    Raises ValueError for a point or an action that there is not.
    """
    wanted = dict(map(_order, filter(None, orders.split(";"))))
    if not wanted:
        return
    met: Counter[str] = Counter()

    def hook(point: str) -> None:
        met[point] += 1
        action = wanted.get((point, met[point]))
        if action is not None:
            action(point)

    plant(hook)


def _order(order: str) -> tuple[tuple[str, int], Hook]:
    place, _, action = order.partition("=")
    point, _, turn = place.partition("@")
    if point not in POINTS or action not in _ACTIONS:
        raise ValueError(f"no such point or action: {order}")
    return (point, int(turn or 1)), _ACTIONS[action]


def _kill(_point: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _pause(_point: str) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _raise(point: str) -> None:
    raise PointReached(point)


_ACTIONS: Mapping[str, Hook] = {"kill": _kill, "pause": _pause, "raise": _raise}
