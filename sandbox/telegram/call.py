"""Owns the reading of a Bot API call from any of its encodings; must not know what a parameter means."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import BodyPartReader, ClientResponse, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.telegram.errors import bad_request

Params: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One call: parameters as they came (text, or JSON values where the body was JSON) and the files beside them."""

    method: str
    params: Params = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def recorded(self) -> Params:
        """Return the parameters fit for a log: files by name and size."""
        files = {key: {"file": file.name, "size": len(file.body)} for key, file in self.files.items()}
        return {**self.params, **files}


async def read_call(request: web.Request, method: str) -> Call:
    """Read query and body; ApiError 400 where the body is not what its content type says."""
    params: Params = dict(request.query)
    if request.method == "GET":
        return Call(method, params)
    if request.content_type == "application/json":
        return Call(method, params | _json_object(await request.read()))
    fields, files = await _form(request)
    return Call(method, params | fields, files)


async def _form(request: web.Request) -> tuple[Params, dict[str, Upload]]:
    params: Params = {}
    files: dict[str, Upload] = {}
    try:
        for key, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[key] = Upload(value.filename, value.file.read())
            else:
                params[key] = value if isinstance(value, str) else bytes(value).decode()
    except (ValueError, HttpProcessingError) as error:
        raise bad_request("can't parse request") from error
    return params, files


async def read_reply(response: ClientResponse) -> Call | None:
    """Read the call a webhook may answer with; None where it answers with none, ApiError 400 where it is broken."""
    if response.content_type == "application/json":
        body = await response.read()
        return _named(_json_object(body) if body.strip() else {}, {})
    if response.content_type == "multipart/form-data":
        return await _multipart_reply(response)
    return None


async def _multipart_reply(response: ClientResponse) -> Call | None:
    params: Params = {}
    files: dict[str, Upload] = {}
    async for part in MultipartReader.from_response(response):
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise bad_request("can't parse request")
        if part.filename:
            files[part.name] = Upload(part.filename, bytes(await part.read()))
        else:
            params[part.name] = await part.text()
    return _named(params, files)


def _named(params: Params, files: dict[str, Upload]) -> Call | None:
    method = params.pop("method", None)
    return Call(method, params, files) if isinstance(method, str) else None


def _json_object(body: bytes) -> Params:
    try:
        parsed: object = json.loads(body or b"{}")
    except ValueError as error:
        raise bad_request(f"can't parse request: {error}") from error
    if not isinstance(parsed, Mapping):
        raise bad_request("object expected as a request")
    return {str(key): value for key, value in parsed.items() if value is not None}
