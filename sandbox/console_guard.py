"""Owns who may talk to the console: loopback hosts and the console's own page; must not know what the routes do.

The console listens on 127.0.0.1, yet any web page a developer visits can reach it: by a name that resolves to
127.0.0.1 (DNS rebinding) or by a cross-site POST. Both are refused here, once, for every route.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine, with or without a port."""
    try:
        return urlsplit(f"//{host}").hostname in _LOOPBACK
    except ValueError:
        return False


def _is_own_page(request: web.Request) -> bool:
    # No Origin means no browser: curl and tests may post, a foreign page can't leave it out.
    origin = request.headers.get("Origin", f"http://{request.host}")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return origin == f"http://{request.host}" and site in {"same-origin", "none"}


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 to a foreign Host, and to a changing request that another page sent."""
    if not is_loopback(request.host):
        return web.json_response({"error": "only loopback hosts are served"}, status=403)
    if request.method not in _SAFE_METHODS and not _is_own_page(request):
        return web.json_response({"error": "only the console's own page may change the world"}, status=403)
    return await handler(request)


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Let the page load nothing but its own files; an answer that set a stricter policy keeps it."""
    response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
    response.headers.setdefault("Cache-Control", "no-cache")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
