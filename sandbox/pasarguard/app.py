"""Owns the composition of one PasarGuard panel's web application; must not hold a panel's rules."""

from aiohttp import web

from sandbox import faults, manners
from sandbox.pasarguard.api import Api
from sandbox.pasarguard.links import SubApi
from sandbox.pasarguard.panel import Panel
from sandbox.pasarguard.sim import Sim


def create_app(panel: Panel) -> web.Application:
    """Build the server of one panel."""
    script = faults.FaultScript()
    app = web.Application(
        middlewares=[manners.hang_up, manners.power(panel), faults.middleware(script, manners.shape), manners.manners]
    )
    for part in (Api(panel), SubApi(panel), Sim(panel)):
        app.add_routes(part.routes())
    faults.add_routes(app, script)
    return app
