"""Owns what the emulator remembers for its observers: calls of the bot and answers to clicks; must not act on it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

_CALLS_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A Bot API call and the HTTP status it got, with what was wrong with it; 0 where it was cut off unread."""

    n: int
    method: str
    params: Mapping[str, object]
    status: int
    problem: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered to a click."""

    n: int
    query_id: str
    text: str | None
    alert: bool
    url: str | None


class History:
    """Calls and answers, numbered from 1 for as long as the emulator lives."""

    def __init__(self) -> None:
        self._calls: deque[RecordedCall] = deque(maxlen=_CALLS_KEPT)
        self._answers: dict[int, list[Answer]] = {}
        self._last_call = 0
        self._last_answer = 0

    def record(self, method: str, params: Mapping[str, object], status: int, problem: str = "") -> None:
        """Remember a call; the oldest of 50 000 goes."""
        self._last_call += 1
        self._calls.append(RecordedCall(self._last_call, method, params, status, problem))

    def calls(self, after: int) -> list[RecordedCall]:
        """Return the calls behind number after."""
        skip = max(0, after - (self._calls[0].n - 1)) if self._calls else 0
        return [call for place, call in enumerate(self._calls) if place >= skip]

    def answer(self, person_id: int, query_id: str, text: str | None, url: str | None, *, alert: bool) -> Answer:
        """Remember an answer to a person's click."""
        self._last_answer += 1
        answer = Answer(self._last_answer, query_id, text, alert, url)
        self._answers.setdefault(person_id, []).append(answer)
        return answer

    def answers(self, person_id: int, after: int) -> list[Answer]:
        """Return the answers to a person behind number after."""
        return [answer for answer in self._answers.get(person_id, []) if answer.n > after]

    def clear(self) -> None:
        """Forget everything but the numbers."""
        self._calls.clear()
        self._answers.clear()
