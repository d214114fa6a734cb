"""Owns the reading of panels' answers and rows into models, with words for what is amiss. Knows no model."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.repo.panel_errors import PanelBadAnswer, PanelInvalid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.services.records import PanelAccess

# What the database can hold as well: one panel's nonsense must not stop what is stored of all.
Count = Annotated[int, Field(ge=0, lt=2**63)]


class Answer(BaseModel):
    """A part of an answer. What a newer panel adds is ignored; inputs stay out of errors, for they hold links."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Profile(BaseModel):
    """A row's access profile; what this kind does not know in it is refused, for it was meant to do something."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def parsed(instance_id: str, model: type[Model], content: object) -> Model:
    """The answer as `model`; PanelBadAnswer names the field that is missing or wrong, never its value."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        field, kind = _first(error)
        fault = "is missing" if kind == "missing" else "is wrong"
        raise PanelBadAnswer(instance_id, f"field {field or model.__name__.lower()} {fault}") from None


def profile_of(access: PanelAccess, model: type[Model]) -> Model:
    """The row's access profile as `model`; PanelInvalid names what is wrong in it."""
    try:
        return model.model_validate(access.access_profile)
    except ValidationError as error:
        field, _ = _first(error)
        raise PanelInvalid(access.instance_id, {"access_profile": f"{field} is wrong or unknown"}) from None


@asynccontextmanager
async def first_failure() -> AsyncIterator[None]:
    """Around a task group of calls: the first one's error instead of the group's."""
    try:
        yield
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _first(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_input=False, include_url=False)[0]
    return ".".join(str(part) for part in first["loc"]), first["type"]
