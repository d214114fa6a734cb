"""Owns the bringing of notifications: at once, late, repeatedly or not at all, as told; must not write any."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from pydantic import Field

from sandbox.asked import Asked

NO_ANSWER = 0
_ANSWER_SECONDS = 30.0
_RETRY_SECONDS = 0.2

Message = tuple[bytes, Mapping[str, str]]


@dataclass(frozen=True)
class Habit:
    """Where notifications go and how: `copies` of each, the first `drop` of them lost, all late by `delay_seconds`."""

    url: str | None = None
    copies: int = 1
    drop: int = 0
    delay_seconds: float = 0
    attempts: int = 5


class Where(Asked):
    """A wish that notifications go there from now on, and how."""

    url: str | None = None
    copies: int = Field(default=1, ge=0, le=100)
    drop: int = Field(default=0, ge=0, le=100)
    delay_seconds: float = Field(default=0, ge=0)
    attempts: int = Field(default=5, ge=1, le=20)

    def habit(self) -> Habit:
        """Return it as the habit it asks for."""
        return Habit(**self.model_dump())


class Courier:
    """Brings notifications; what isn't answered by a 2xx is brought again a few times, each time written anew."""

    def __init__(self) -> None:
        self.habit = Habit()
        self.sent: list[tuple[object, int]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: ClientSession | None = None

    def send(self, name: object, write: Callable[[], Message]) -> None:
        """Bring what `write` writes, soon and by habit."""
        if self.habit.url is None:
            return
        for _ in range(self.habit.drop, self.habit.copies):
            task = asyncio.create_task(self._bring(self.habit, name, write))  # noqa: TID251 - kept here, ended by close
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def deliver(self, name: object, message: Message, times: int = 1) -> list[int]:
        """Bring it now, `times` at once, and return the statuses; 0 where nobody answered."""
        return list(await asyncio.gather(*(self._post(name, message) for _ in range(times))))

    async def close(self, _app: web.Application) -> None:
        """Stop delivering and close every connection."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _bring(self, habit: Habit, name: object, write: Callable[[], Message]) -> None:
        await asyncio.sleep(habit.delay_seconds)
        for attempt in range(habit.attempts):
            if 200 <= await self._post(name, write()) < 300:
                return
            await asyncio.sleep(_RETRY_SECONDS * 2**attempt)

    async def _post(self, name: object, message: Message) -> int:
        if self.habit.url is None:
            return NO_ANSWER
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=_ANSWER_SECONDS))
        body, headers = message
        told = {"Content-Type": "application/json", **headers}
        try:
            async with self._session.post(self.habit.url, data=body, headers=told) as answer:
                status = answer.status
        except (ClientError, OSError, TimeoutError):
            status = NO_ANSWER
        self.sent.append((name, status))
        return status
