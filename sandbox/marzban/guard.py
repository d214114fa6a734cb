"""Owns who may call a panel; must not know any endpoint."""

from aiohttp import web

from sandbox.marzban.model import Admin
from sandbox.marzban.panel import Panel
from sandbox.refusals import RefusedError, not_allowed

_BEARER = "bearer "


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
