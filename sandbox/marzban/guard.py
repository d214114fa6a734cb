"""Owns who may call, and a panel's manners when it refuses or breaks; must not know any endpoint."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox import faults
from sandbox.marzban.errors import CrashError, RefusedError, not_allowed
from sandbox.marzban.model import Admin
from sandbox.marzban.panel import Panel

_BEARER = "bearer "
_CRASH_STATUS = 500


class CrashResponse(web.Response):
    """A 500 after which the connection is closed without having been announced so."""


def caller(panel: Panel, request: web.Request) -> Admin:
    """Return the admin who calls, or refuse with 401."""
    return panel.admin_of(bearer(request))


def bearer(request: web.Request) -> str:
    """Return the token in the header, or refuse with 401."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(_BEARER):
        raise RefusedError(401, "Not authenticated")
    return header[len(_BEARER) :]


def sudo(panel: Panel, request: web.Request) -> Admin:
    """Return the sudo admin who calls, or refuse with 401 or 403."""
    admin = caller(panel, request)
    if not admin.is_sudo:
        raise not_allowed()
    return admin


def crash() -> web.Response:
    """Build the 500 of a handler that raised."""
    return CrashResponse(status=_CRASH_STATUS, text="Internal Server Error")


def shape(fault: faults.Fault) -> web.Response:
    """Word a fault: the panel's own 500, or what a gateway before it would say."""
    if fault.action == "rate_limit":
        return web.json_response({"detail": "Too Many Requests"}, status=429)
    if fault.status == _CRASH_STATUS:
        return crash()
    if fault.status < _CRASH_STATUS:
        return _refusal(fault.status, "Refused by the sandbox")
    return web.Response(status=fault.status, text="<html><h1>Bad Gateway</h1></html>", content_type="text/html")


@web.middleware
async def hang_up(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Close the connection after a crash, when the client already counts on using it again."""
    response = await handler(request)
    if isinstance(response, CrashResponse):
        await response.prepare(request)
        await response.write_eof()
        if request.transport is not None:
            request.transport.close()
    return response


def power(panel: Panel) -> Middleware:
    """Cut every connection but the sandbox's own while the panel is down."""

    @web.middleware
    async def switch(request: web.Request, handler: Handler) -> web.StreamResponse:
        if panel.up or request.path.startswith("/sim/"):
            return await handler(request)
        return faults.drop(request)

    return switch


@web.middleware
async def manners(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and crashes into the panel's answers, and a slash too many into a redirect."""
    if request.path.startswith("/sim/"):
        return await handler(request)
    if request.path.startswith("/api/") and request.path.endswith("/"):
        return web.Response(status=307, headers={"Location": str(request.url.with_path(request.path.rstrip("/")))})
    try:
        return await handler(request)
    except RefusedError as refused:
        return _refusal(refused.status, refused.detail)
    except CrashError:
        return crash()
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as missing:
        return _refusal(missing.status, missing.reason)


def _refusal(status: int, detail: str | dict[str, str]) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return web.json_response({"detail": detail}, status=status, headers=headers)
