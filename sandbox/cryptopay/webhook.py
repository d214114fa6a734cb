"""Owns the delivery of webhooks: at once, late, repeatedly or not at all, as told; must not decide what is paid."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from sandbox.cryptopay.model import Invoice
from sandbox.cryptopay.signing import TAMPERED, update
from sandbox.cryptopay.till import Till

NO_ANSWER = 0
_ANSWER_SECONDS = 30.0
_RETRY_SECONDS = 0.2


@dataclass(frozen=True)
class Habit:
    """Where webhooks go and how: `copies` of each, the first `drop` of them lost, all late by `delay_seconds`."""

    url: str | None = None
    copies: int = 1
    drop: int = 0
    delay_seconds: float = 0
    attempts: int = 5


class Webhook:
    """Brings the news of paid invoices; what isn't answered by a 2xx is brought again a few times."""

    def __init__(self, till: Till) -> None:
        self.habit = Habit()
        self.sent: list[tuple[int, int]] = []
        self._till = till
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: ClientSession | None = None
        till.listeners.append(self._paid)

    async def deliver(
        self, invoice: Invoice, *, tamper: str = "none", changes: Mapping[str, object], times: int = 1
    ) -> list[int]:
        """Bring the news now, `times` at once, and return the statuses; 0 where nobody answered."""
        body = update(invoice, self._till.clock.now(), changes)
        message, headers = TAMPERED[tamper](self._till.token, body)
        return list(await asyncio.gather(*(self._post(invoice.id, message, headers) for _ in range(times))))

    async def close(self, _app: web.Application) -> None:
        """Stop delivering and close every connection."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _paid(self, invoice: Invoice) -> None:
        if self.habit.url is None:
            return
        for _ in range(self.habit.drop, self.habit.copies):
            task = asyncio.create_task(self._bring(self.habit, invoice))  # noqa: TID251 - kept here, ended by close
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _bring(self, habit: Habit, invoice: Invoice) -> None:
        await asyncio.sleep(habit.delay_seconds)
        for attempt in range(habit.attempts):
            (status,) = await self.deliver(invoice, changes={})
            if 200 <= status < 300:
                return
            await asyncio.sleep(_RETRY_SECONDS * 2**attempt)

    async def _post(self, invoice_id: int, body: bytes, headers: Mapping[str, str]) -> int:
        if self.habit.url is None:
            return NO_ANSWER
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=_ANSWER_SECONDS))
        told = {"Content-Type": "application/json", **headers}
        try:
            async with self._session.post(self.habit.url, data=body, headers=told) as answer:
                status = answer.status
        except (ClientError, OSError, TimeoutError):
            status = NO_ANSWER
        self.sent.append((invoice_id, status))
        return status
