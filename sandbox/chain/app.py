"""Owns the composition of the chain emulator's web application; must not hold rules of the chain."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox import faults
from sandbox.chain.index import Index
from sandbox.chain.jettons import Jettons
from sandbox.chain.ledger import Chain
from sandbox.chain.limits import RateLimit
from sandbox.chain.sim import Sim
from sandbox.chain.v2 import Api, error


def create_app(chain: Chain, api_key: str | None = None) -> web.Application:
    """Build the server; with an api_key any other bearer gets 401, and no bearer at all stays welcome as at tonapi."""
    index, jettons, script = Index(chain), Jettons(chain), faults.FaultScript()
    app = web.Application(middlewares=[faults.middleware(script, _shape), _door(chain, index, api_key)])
    app.add_routes(Api(chain, index, jettons).routes())
    app.add_routes(Sim(chain, index, jettons).routes())
    faults.add_routes(app, script)
    return app


def _shape(fault: faults.Fault) -> web.Response:
    if fault.action == "rate_limit":
        return _too_many()
    return error(fault.status, "internal error")


def _too_many() -> web.Response:
    return web.json_response({"Error": "rate limit: too many requests"}, status=429)


def _door(chain: Chain, index: Index, api_key: str | None) -> Middleware:
    limit = RateLimit(chain.clock)

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith("/v2/"):
            return await handler(request)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer and api_key is not None and bearer != api_key:
            return error(401, "illegal token")
        mode = index.mode
        if not limit.allows(bearer, mode.keyed_per_second if bearer else mode.keyless_per_second):
            return _too_many()
        return await handler(request)

    return door
