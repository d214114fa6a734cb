"""Owns the streaming way from the console's port to the emulators' /sim doors; must not read or change what passes.

A silent event stream ends with its reader because sandbox.serve cancels the handler of a client that left.
"""

from urllib.parse import unquote

import aiohttp
from aiohttp import web
from yarl import URL

_PASSED_REQUEST_HEADERS = ("Accept", "Content-Type", "Last-Event-ID")
_PASSED_RESPONSE_HEADERS = ("Content-Type", "Content-Length", "Content-Encoding", "Cache-Control", "ETag")
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5.0)


class Proxy:
    """Passes requests on to the emulators and their answers back, chunk by chunk as they come."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def open(self, _app: web.Application) -> None:
        """Make the connections' pool; belongs to the application's start."""
        # Every open page holds one event stream for as long as it lives, so the pool has no limit.
        self._session = aiohttp.ClientSession(
            timeout=_TIMEOUT, auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)
        )

    async def close(self, _app: web.Application) -> None:
        """Cut what is open, endless event streams with it; belongs to the application's shutdown."""
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool, for requests of the console's own."""
        if self._session is None:
            raise RuntimeError("the proxy is not open")
        return self._session

    async def forward(self, request: web.Request, base_url: str, tail: str) -> web.StreamResponse:
        """Answer with what `base_url`/sim/`tail` (still percent-encoded) answers; 502 where nobody does."""
        if any(segment == ".." for segment in unquote(tail).split("/")):
            return web.json_response({"error": "no such path"}, status=404)
        target = URL(f"{base_url}/sim/{tail}", encoded=True).with_query(request.rel_url.query)
        headers = {name: request.headers[name] for name in _PASSED_REQUEST_HEADERS if name in request.headers}
        body = await request.read() if request.can_read_body else None
        try:
            async with self.session.request(
                request.method, target, headers=headers, data=body, allow_redirects=False
            ) as upstream:
                return await _pass_back(request, upstream)
        except aiohttp.ClientError as error:
            return web.json_response({"error": f"the emulator does not answer: {type(error).__name__}"}, status=502)


async def _pass_back(request: web.Request, upstream: aiohttp.ClientResponse) -> web.StreamResponse:
    answer = web.StreamResponse(status=upstream.status)
    for name in _PASSED_RESPONSE_HEADERS:
        if name in upstream.headers:
            answer.headers[name] = upstream.headers[name]
    # A bot may upload HTML or SVG as a photo; opened on this origin, it must not act as the console's page.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    await answer.prepare(request)
    try:
        async for chunk in upstream.content.iter_any():
            await answer.write(chunk)
        await answer.write_eof()
    except (aiohttp.ClientError, ConnectionError):
        # The head is out: the only honest way left to say that the rest is missing is to cut the connection.
        if request.transport is not None:
            request.transport.abort()
    return answer
