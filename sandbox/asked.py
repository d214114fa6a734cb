"""Owns the reading of what pages and tests ask at /sim; must not know any emulator."""

import json
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError


class Asked(BaseModel):
    """A question in which a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


Question = TypeVar("Question", bound=Asked)


async def read(request: web.Request, kind: type[Question]) -> Question:
    """Read the body as such a question; a 400 tells what is wrong with it."""
    try:
        return kind.model_validate_json(await request.read())
    except ValidationError as error:
        raise refusal(str(error)) from error


def refusal(text: str) -> web.HTTPException:
    """Build the 400 to raise; the body is {"error": text}."""
    return web.HTTPBadRequest(text=json.dumps({"error": text}), content_type="application/json")
