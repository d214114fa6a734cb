"""Any two operations on money at the same moment, step against step, in every order: as the model says, one way round.

Two sessions, each stopped before its statements and before its commit; what they come to must be what one of the two
gives after the other. Of long ones those orders are played in which a session is left at most once; with ORBIT_LIVES
all are (stepped.py).
"""

from __future__ import annotations

from functools import partial
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import pytest

from app.repo.audit import breaks
from app.repo.db import make_engine
from tests.conftest import empty
from tests.support.act import TON
from tests.support.half import Half
from tests.support.life import Life
from tests.support.meetings import MORE_PAIRS, MOST_OPEN, OPERATIONS, BuyWhatTakesMore, Cleanup, Stage, StarsCharge
from tests.support.meetings_pending import PENDING_PAIRS
from tests.support.meetings_sales import MORE_SALES, SALES
from tests.support.orders import after
from tests.support.stepped import Orders, SteppedDatabase, in_order
from tests.support.truth import foretold, stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache
    from tests.support.meetings import Operation


def _is_left_out(first: type[Operation], second: type[Operation]) -> bool:
    return first in LEFT_OUT and second in SALES


# With sales these meet as their likes do, which are there as well.
LEFT_OUT = {StarsCharge, BuyWhatTakesMore}
PAIRS = (
    *(pair for pair in combinations_with_replacement((*OPERATIONS, *SALES), 2) if not _is_left_out(*pair)),
    *(*MORE_PAIRS, *MORE_SALES, *PENDING_PAIRS),
)


class Theatre:
    """Two sessions over one database."""

    def __init__(self, url: URL) -> None:
        self.sessions = [SteppedDatabase(make_engine(url, 1)) for _ in range(2)]

    async def close(self) -> None:
        for session in self.sessions:
            await session.close()


@pytest.fixture(scope="module")
async def theatre(database_url: URL) -> AsyncIterator[Theatre]:
    opened = Theatre(database_url)
    yield opened
    await opened.close()


async def play(
    theatre: Theatre, database: Database, cache: Cache, pair: tuple[type[Operation], type[Operation]], order: Orders
) -> None:
    """One order on a fresh stage."""
    await empty(database)
    life = Life()
    operations = [kind() for kind in pair]
    stage = Stage(life, Half(database, cache, life.clock, life.outside))
    stage.method = next((found.method for found in operations if found.method), TON)
    stage.is_failed = Cleanup in pair and not any(found.fails_invoices for found in operations)
    await stage.set()
    for operation in operations:
        await operation.prepare(stage)
    life.model.most_open = MOST_OPEN
    acts = [operation.act(stage) for operation in operations]
    halves = [Half(session, cache, life.clock, life.outside, MOST_OPEN) for session in theatre.sessions]
    doing = [partial(act.do, half) for act, half in zip(acts, halves, strict=True)]
    went = await in_order(order, database, theatre.sessions, doing)
    ways = after(life.model, *(act.follow(result) for act, result in zip(acts, went, strict=True)))
    real = await stored(database)
    assert real in [foretold(model) for model in ways], [foretold(model).differences(real) for model in ways]


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{first.name} x {second.name}" for first, second in PAIRS])
async def test_two_at_once_are_one_after_the_other_in_every_order_of_their_steps(
    theatre: Theatre,
    database: Database,
    cache: Cache,
    pair: tuple[type[Operation], type[Operation]],
    record_property: Callable[[str, object], None],
) -> None:
    order, played, is_another = Orders(), 0, True
    while is_another:
        await play(theatre, database, cache, pair, order)
        played += 1
        is_another = order.lead_on()
    assert await breaks(database) == []
    assert played > 1
    record_property("pairs of money operations", 1)
    record_property("orders of their steps", played)
