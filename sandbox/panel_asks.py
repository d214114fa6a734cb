"""Owns the reading of bodies as panels built on FastAPI do it, refusals included; must not know any panel's fields."""

import json
from typing import Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.refusals import RefusedError

NodeStatus = Literal["connected", "connecting", "error", "disabled"]


class PanelAsk(BaseModel):
    """A body. The panel ignores fields it does not know, so a client never learns of its typing errors."""

    model_config = ConfigDict(extra="ignore")


Ask = TypeVar("Ask", bound=PanelAsk)


async def read(request: web.Request, kind: type[Ask]) -> Ask:
    """Read a JSON body; 422 in the panel's own shape, one message a field."""
    try:
        body = json.loads(await request.read())
    except json.JSONDecodeError as error:
        raise RefusedError(422, {str(error.pos): "JSON decode error"}) from error
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        details = {str(problem["loc"][-1] if problem["loc"] else "body"): problem["msg"] for problem in error.errors()}
        raise RefusedError(422, details) from error


async def read_login(request: web.Request) -> tuple[str, str]:
    """Read the login form; anything but a form has no fields."""
    form = await request.post()
    missing = {name: "Field required" for name in ("username", "password") if not isinstance(form.get(name), str)}
    if missing:
        raise RefusedError(422, missing)
    if form.get("grant_type", "password") != "password":
        raise RefusedError(422, {"grant_type": "String should match pattern 'password'"})
    return str(form["username"]), str(form["password"])
