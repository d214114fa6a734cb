"""Owns the HTTP side of the Bot API at /bot{token}/{method}; must not know what a method does."""

import hmac
import json
from http import HTTPStatus

from aiohttp import web

from sandbox.faults import Fault, apply
from sandbox.telegram.call import Call, read_call
from sandbox.telegram.errors import ApiError, bad_request, server_error, too_many_requests, unauthorized, unknown_method
from sandbox.telegram.methods import SERVED
from sandbox.telegram.methods.served import result_json
from sandbox.telegram.telegram import Telegram

# What a fault makes of a call that it keeps from the method; 0 where no answer leaves at all.
_FAULT_STATUS = {"drop_before": 0, "hang": 0, "garbage": HTTPStatus.OK, "rate_limit": HTTPStatus.TOO_MANY_REQUESTS}
_UPLOAD_LIMIT_BYTES = 50 * 1024 * 1024
CLIENT_MAX_SIZE = _UPLOAD_LIMIT_BYTES + 1024 * 1024


class BotApi:
    """The Bot API of one Telegram."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def add_routes(self, app: web.Application) -> None:
        """Serve methods by GET and POST, and the files getFile speaks of."""
        app.router.add_get("/bot{token}/{method}", self.serve)
        app.router.add_post("/bot{token}/{method}", self.serve)
        app.router.add_get("/file/bot{token}/{path:.+}", self.download)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call over HTTP, or misbehave as scripted."""
        try:
            self._check_token(request)
            call = await read_call(request, _documented_name(request.match_info["method"]))
            body = _as_text(call)
        except web.HTTPRequestEntityTooLarge:
            return _response(ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large"))
        except ApiError as error:
            return _response(error)

        async def run(_request: web.Request) -> web.Response:
            status, answer = await self.execute(call)
            return web.json_response(answer, status=status)

        fault = self._telegram.faults.take(call.method, body)
        if fault is None:
            return await run(request)
        if fault.action not in {"delay", "drop_after"}:
            status = _FAULT_STATUS.get(fault.action, fault.status)
            self._telegram.history.record(call.method, call.recorded(), status)
        return await apply(fault, request, run, _shaped)

    async def execute(self, call: Call) -> tuple[int, dict[str, object]]:
        """Carry a call out and remember it; return the HTTP status and the answer."""
        status, answer = await self._outcome(call)
        self._telegram.history.record(call.method, call.recorded(), status, str(answer.get("description", "")))
        return status, answer

    async def download(self, request: web.Request) -> web.Response:
        """Give a photo away to whoever holds the token."""
        try:
            self._check_token(request)
        except ApiError as error:
            return _response(error)
        photo = self._telegram.photos.find(request.match_info["path"])
        if photo is None or photo.path != request.match_info["path"]:
            return _response(ApiError(HTTPStatus.NOT_FOUND, "Not Found"))
        return web.Response(body=photo.body, content_type="application/octet-stream")

    async def _outcome(self, call: Call) -> tuple[int, dict[str, object]]:
        try:
            method = SERVED.get(call.method.lower())
            if method is None:
                raise unknown_method()
            result = await method.run(self._telegram, call)
        except ApiError as error:
            return error.status, error.body()
        return HTTPStatus.OK, {"ok": True, "result": result_json(result)}

    def _check_token(self, request: web.Request) -> None:
        given = request.match_info["token"].encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._telegram.token.encode()):
            raise unauthorized()


def _documented_name(name: str) -> str:
    method = SERVED.get(name.lower())
    return method.name if method else name


def _as_text(call: Call) -> str:
    text = json.dumps(call.recorded(), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise bad_request("strings must be encoded in UTF-8") from error
    return text


def _shaped(fault: Fault) -> web.Response:
    if fault.action == "rate_limit":
        return _response(too_many_requests(max(1, round(fault.seconds))))
    return _response(server_error(fault.status))


def _response(error: ApiError) -> web.Response:
    return web.json_response(error.body(), status=error.status)
