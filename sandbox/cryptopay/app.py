"""Owns the composition of the Crypto Pay emulator's web application; must not hold rules of its own."""

from aiohttp import web

from sandbox import faults
from sandbox.courier import Courier
from sandbox.cryptopay.api import Api, error
from sandbox.cryptopay.sim import Sim
from sandbox.cryptopay.till import Till
from sandbox.cryptopay.webhook import Webhook


def create_app(till: Till) -> web.Application:
    """Build the server over one till."""
    script, courier = faults.FaultScript(), Courier()
    app = web.Application(middlewares=[faults.middleware(script, _shape)])
    app.router.add_route("*", "/api/{method}", Api(till).call)
    app.add_routes(Sim(till, Webhook(till, courier), courier).routes())
    faults.add_routes(app, script)
    app.on_shutdown.append(courier.close)
    return app


def _shape(fault: faults.Fault) -> web.Response:
    if fault.action == "rate_limit":
        return error(429, "TOO_MANY_REQUESTS")
    return error(fault.status, "INTERNAL_ERROR")
