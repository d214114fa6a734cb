"""Requests are spaced out, by a clock that the test moves."""

from __future__ import annotations

from datetime import timedelta

from app.payments.gateway.pacer import Pacer

SECOND = 10**9


class HandClock:
    """Time that moves only by sleeping."""

    def __init__(self) -> None:
        self.ns = 5 * SECOND
        self.slept: list[timedelta] = []

    def ticks(self) -> int:
        return self.ns

    async def sleep(self, span: timedelta) -> None:
        self.slept.append(span)
        self.ns += span // timedelta(microseconds=1) * 1000


async def test_the_first_turn_is_at_once_and_the_next_ones_an_interval_apart() -> None:
    clock = HandClock()
    pacer = Pacer(timedelta(seconds=4), clock.sleep, clock.ticks)
    for _ in range(3):
        await pacer.turn()
    assert clock.slept == [timedelta(seconds=4)] * 2


async def test_time_that_has_passed_anyway_is_not_waited_for_again() -> None:
    clock = HandClock()
    pacer = Pacer(timedelta(seconds=4), clock.sleep, clock.ticks)
    await pacer.turn()
    clock.ns += 3 * SECOND
    await pacer.turn()
    clock.ns += 60 * SECOND
    await pacer.turn()
    assert clock.slept == [timedelta(seconds=1)]


async def test_no_interval_means_no_waiting() -> None:
    clock = HandClock()
    pacer = Pacer(timedelta(0), clock.sleep, clock.ticks)
    for _ in range(3):
        await pacer.turn()
    assert clock.slept == []
