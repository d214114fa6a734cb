"""Owns the live news of each chat for those who watch it; must not keep what nobody watches."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

Name = Literal["message", "edit", "delete", "answer", "action"]


@dataclass(frozen=True, slots=True)
class Event:
    """One piece of news."""

    name: Name
    data: dict[str, object]


Watch = asyncio.Queue[Event | None]


class Events:
    """Who watches whom."""

    def __init__(self) -> None:
        self._watches: dict[int, set[Watch]] = {}

    def watched(self, person_id: int) -> bool:
        """Tell whether anybody would hear news of this person's chat."""
        return person_id in self._watches

    def publish(self, person_id: int, name: Name, data: dict[str, object]) -> None:
        """Tell everybody who watches this person's chat."""
        for watch in self._watches.get(person_id, ()):
            watch.put_nowait(Event(name, data))

    @contextmanager
    def watch(self, person_id: int) -> Iterator[Watch]:
        """Hear the news of this person's chat; None means that the emulator closes."""
        watch: Watch = asyncio.Queue()
        self._watches.setdefault(person_id, set()).add(watch)
        try:
            yield watch
        finally:
            self._watches[person_id].discard(watch)
            if not self._watches[person_id]:
                del self._watches[person_id]

    def close(self) -> None:
        """Send everybody home."""
        for watches in self._watches.values():
            for watch in watches:
                watch.put_nowait(None)
