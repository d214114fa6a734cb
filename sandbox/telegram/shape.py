"""Owns the check of a call's parameters against aiogram's class of that method; must not judge their meaning."""

import json
from collections.abc import Iterator
from typing import Generic, TypeVar, get_args, get_origin

from aiogram.types import (
    BufferedInputFile,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from pydantic import BaseModel, ValidationError

from sandbox.telegram.call import Call, Upload
from sandbox.telegram.errors import ApiError, bad_request

Request = TypeVar("Request", bound=BaseModel)

# Newer than the pinned aiogram, yet sent from it as extra fields.
_NEWER_FIELDS: dict[type[BaseModel], frozenset[str]] = {
    InlineKeyboardButton: frozenset({"style", "icon_custom_emoji_id"}),
}
# ForceReply has a default for every field, so it would take any object: the telling field decides instead.
_MARKUPS: dict[str, type[BaseModel]] = {
    "inline_keyboard": InlineKeyboardMarkup,
    "keyboard": ReplyKeyboardMarkup,
    "remove_keyboard": ReplyKeyboardRemove,
    "force_reply": ForceReply,
}
_MISSING = {
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "media": "media is not specified",
}
_EXPECTED = {"list": "Array", "bool": "Boolean", "string": "String", "int": "Number", "model": "Object"}


class Shape(Generic[Request]):
    """The shape of one method's parameters, worked out once."""

    def __init__(self, request: type[Request]) -> None:
        self._request = request
        leaves = {name: set(_leaves(field.annotation)) for name, field in request.model_fields.items()}
        self._files = {name for name, types in leaves.items() if InputFile in types}
        textual = {name for name, types in leaves.items() if str in types}
        # What the class types as text is never read as JSON: "123" is a text too.
        self._json = {name for name in leaves if name not in textual | self._files and _is_compound(leaves[name])}
        # An absent text is an empty one to Telegram; whoever needs it says so in the right words.
        self._empty = dict.fromkeys((n for n in textual if request.model_fields[n].is_required()), "")

    def parse(self, call: Call) -> Request:
        """Return the typed request; ApiError 400 for a wrong type, a missing or an unknown parameter."""
        try:
            request = self._request.model_validate(self._values(call))
        except ValidationError as error:
            raise _refusal(error) from error
        for path in _surplus(request):
            raise bad_request(f'unknown field "{path}"')
        return request

    def _values(self, call: Call) -> dict[str, object]:
        values: dict[str, object] = {**self._empty}
        for name, value in (call.params | dict.fromkeys(call.files)).items():
            if name in self._request.model_fields:
                values |= self._value(name, value, call)
            elif name not in call.files:
                raise bad_request(f'unknown parameter "{name}"')
        return values

    def _value(self, name: str, value: object, call: Call) -> dict[str, object]:
        if name in self._files:
            upload = call.files.get(name) or attached(value, call)
            return {name: BufferedInputFile(upload.body, upload.name) if upload else value}
        if value == "":
            return {}
        if name in self._json and isinstance(value, str):
            value = _decoded(name, value)
        return {name: _markup(value) if name == "reply_markup" else value}


def attached(value: object, call: Call) -> Upload | None:
    """Return the file an attach:// reference names, None where the value is no reference; 400 where it dangles."""
    if not isinstance(value, str) or not value.startswith("attach://"):
        return None
    upload = call.files.get(value.removeprefix("attach://"))
    if upload is None:
        raise bad_request(f'there is no file "{value}" in the request')
    return upload


def _leaves(annotation: object) -> Iterator[object]:
    origin = get_origin(annotation)
    if origin is list:
        yield list
    elif origin is not None:
        for argument in get_args(annotation):
            yield from _leaves(argument)
    else:
        yield annotation


def _is_compound(types: set[object]) -> bool:
    return any(kind is list or (isinstance(kind, type) and issubclass(kind, BaseModel)) for kind in types)


def _decoded(name: str, text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from error
    return value


def _markup(value: object) -> object:
    if not isinstance(value, dict):
        return value
    kind = next((kind for key, kind in _MARKUPS.items() if key in value), None)
    if kind is None:
        raise bad_request("can't parse reply keyboard markup: no known kind of keyboard")
    return kind.model_validate(value)


def _refusal(error: ValidationError) -> ApiError:
    # Of the many branches of a union the one that got furthest says best what was meant.
    problems = error.errors(include_url=False, include_input=False)
    found = max(problems, key=lambda problem: (problem["type"] != "missing", len(problem["loc"])))
    name = str(found["loc"][-1])
    if found["type"] == "missing":
        return bad_request(_MISSING.get(name, f'can\'t find field "{name}"'))
    expected = _EXPECTED.get(found["type"].partition("_")[0])
    return bad_request(f'field "{name}" must be of type {expected}' if expected else f'field "{name}": {found["msg"]}')


def _surplus(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, BaseModel):
        allowed = _NEWER_FIELDS.get(type(value), frozenset())
        yield from (f"{path}{name}" for name in value.model_extra or {} if name not in allowed)
        for name in value.model_fields_set - (value.model_extra or {}).keys():
            yield from _surplus(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list):
        for item in value:
            yield from _surplus(item, path)
