"""What is known of background jobs: records for operators, and what the queue asks of its store. Runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class WaitingJobs:
    """Jobs of one name that wait, or are in hand; `since` is when the first of them was enqueued."""

    name: str
    is_running: bool
    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A dead letter: a job that was given up after `tries`; the reason holds no secret."""

    id: int
    name: str
    failed_at: datetime
    tries: int
    reason: str


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """A job that runs from time to time; `failure` is the reason where its last run failed."""

    name: str
    is_running: bool
    last_run_at: datetime | None
    next_run_at: datetime
    failure: str | None


class JobStore(Protocol):
    """The queue's rows; implemented in repo."""

    async def enqueue(self, names: Iterable[str]) -> None:
        """One job of each name."""
        ...

    async def missed(self, name: str, reason: str) -> None:
        """The run of a periodic job that is under way has failed."""
        ...
