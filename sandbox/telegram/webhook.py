"""Owns the delivery of updates to the bot's webhook: each person's in order, again until taken; must not queue them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout

from sandbox.clock import SandboxClock
from sandbox.telegram.call import Call, read_reply
from sandbox.telegram.errors import ApiError
from sandbox.telegram.updates import PendingUpdate, Updates

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 a header's name
MAX_CONNECTIONS = 40
_FIRST_RETRY_SECONDS = 0.05
_LONGEST_RETRY_SECONDS = 5.0
_ANSWER_SECONDS = 60.0

Reply = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Hook:
    """Where updates go."""

    url: str
    secret: str | None
    max_connections: int = MAX_CONNECTIONS


class Webhook:
    """The bot's webhook; one lane a person with updates waiting, as many requests at once as the hook allows."""

    def __init__(self, updates: Updates, clock: SandboxClock) -> None:
        self.hook: Hook | None = None
        self.reply: Reply | None = None
        self.failed_at: int | None = None
        self.failure: str | None = None
        self._updates = updates
        self._clock = clock
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._session: ClientSession | None = None
        updates.listeners.append(self._arrived)

    def set(self, hook: Hook | None) -> None:
        """Deliver to this hook from now on, or to none; what is on its way to the former one is cut off."""
        self._cancel()
        self.hook, self.failed_at, self.failure = hook, None, None
        if hook is not None:
            self._slots = asyncio.Semaphore(hook.max_connections)
            for person_id in self._updates.people():
                self._arrived(person_id)

    async def close(self) -> None:
        """Stop delivering and close every connection."""
        lanes = self._cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _cancel(self) -> list[asyncio.Task[None]]:
        lanes = list(self._lanes.values())
        self._lanes.clear()
        for lane in lanes:
            lane.cancel()
        return lanes

    def _arrived(self, person_id: int) -> None:
        if self.hook is not None and person_id not in self._lanes:
            # The lane is kept here and cancelled by set and close.
            self._lanes[person_id] = asyncio.create_task(self._run(self.hook, person_id))  # noqa: TID251

    async def _run(self, hook: Hook, person_id: int) -> None:
        pause = _FIRST_RETRY_SECONDS
        while (update := self._updates.first_of(person_id)) is not None:
            async with self._slots:
                failure = await self._post(hook, update)
            if failure is None:
                self._updates.forget([update.id])
                pause = _FIRST_RETRY_SECONDS
                continue
            self.failed_at, self.failure = int(self._clock.timestamp()), failure
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_RETRY_SECONDS)
        # Nothing is awaited between the last look and here, so no arrival can slip through.
        del self._lanes[person_id]

    async def _post(self, hook: Hook, update: PendingUpdate) -> str | None:
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=_ANSWER_SECONDS))
        headers = {SECRET_HEADER: hook.secret} if hook.secret else {}
        try:
            async with self._session.post(hook.url, json=update.body, headers=headers) as response:
                if not response.ok:
                    return f"Wrong response from the webhook: {response.status} {response.reason}"
                call = await read_reply(response)
        except (ApiError, ValueError) as error:
            # The update was taken; only the call in the answer is lost, as with the real server.
            self.failed_at, self.failure = int(self._clock.timestamp()), f"Broken answer of the webhook: {error}"
            return None
        except TimeoutError:
            return "Read timeout expired"
        except (ClientError, OSError) as error:
            return f"Connection failed: {type(error).__name__}"
        if call is not None and self.reply is not None:
            await self.reply(call)
        return None
