"""Owns the composition of the YooKassa emulator's web application; must not hold rules of its own."""

from aiohttp import web

from sandbox import faults
from sandbox.courier import Courier
from sandbox.yookassa.api import Api, error
from sandbox.yookassa.shop import Shop
from sandbox.yookassa.sim import Sim


def create_app(shop: Shop) -> web.Application:
    """Build the server over one shop."""
    script, courier, api = faults.FaultScript(), Courier(), Api(shop)
    app = web.Application(middlewares=[faults.middleware(script, _shape)])
    app.add_routes(api.routes())
    app.add_routes(Sim(shop, api, courier).routes())
    faults.add_routes(app, script)
    app.on_shutdown.append(courier.close)
    return app


def _shape(fault: faults.Fault) -> web.Response:
    if fault.action == "rate_limit":
        return error(429, "too_many_requests")
    return error(fault.status, "internal_server_error")
