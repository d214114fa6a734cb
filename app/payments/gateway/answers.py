"""What answers of providers are made of: exact amounts, frozen models that welcome new fields. Knows no provider."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

BIGGEST = 2**63 - 1


def _exact(value: object) -> object:
    if type(value) not in (str, int, Decimal):
        raise ValueError("amounts are texts")
    return value


Amount = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=BIGGEST, allow_inf_nan=False)]


class Answer(BaseModel):
    """A part of an answer, as far as it is used."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def place_of(error: ValidationError) -> str:
    """Where an answer is not as expected; nothing of the answer itself."""
    return ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
