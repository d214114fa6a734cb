"""Owns the binding of a Bot API method to its class in aiogram and to what answers it; must not know any method."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aiogram.types import TelegramObject
from pydantic import BaseModel

from sandbox.telegram.call import Call
from sandbox.telegram.shape import Request, Shape
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.wire import dumped

Result: TypeAlias = TelegramObject | Sequence[TelegramObject | dict[str, object]] | bool | str


@dataclass(frozen=True, slots=True)
class Method:
    """A served method: its name as documented, its parameters, and how it runs."""

    name: str
    request: type[BaseModel]
    run: Callable[[Telegram, Call], Awaitable[Result]]


def served_by(request: type[Request], answer: Callable[[Telegram, Request, Call], Awaitable[Result]]) -> Method:
    """Bind a method that waits for something or that takes files inside its JSON."""
    shape = Shape(request)

    async def run(telegram: Telegram, call: Call) -> Result:
        return await answer(telegram, shape.parse(call), call)

    # The class of sendMessage is SendMessage, without an exception.
    return Method(request.__name__[0].lower() + request.__name__[1:], request, run)


def served(request: type[Request], answer: Callable[[Telegram, Request], Result]) -> Method:
    """Bind a method that is done at once."""

    async def run(telegram: Telegram, parsed: Request, _call: Call) -> Result:
        return answer(telegram, parsed)

    return served_by(request, run)


def result_json(result: Result) -> object:
    """Return the JSON of a result."""
    if isinstance(result, bool | str):
        return result
    if isinstance(result, TelegramObject):
        return dumped(result)
    return [dumped(item) if isinstance(item, TelegramObject) else item for item in result]
