"""Owns the composition of one panel's web application; must not hold a panel's rules."""

from aiohttp import web

from sandbox import faults, manners
from sandbox.marzban.logs import Logs
from sandbox.marzban.panel import Panel
from sandbox.marzban.panel_api import PanelApi
from sandbox.marzban.sim import Sim
from sandbox.marzban.sub_api import SubApi
from sandbox.marzban.users_api import UsersApi

LOGS = web.AppKey("logs", Logs)


def create_app(panel: Panel) -> web.Application:
    """Build the server of one panel."""
    script = faults.FaultScript()
    app = web.Application(
        middlewares=[manners.hang_up, manners.power(panel), faults.middleware(script, manners.shape), manners.manners]
    )
    logs = Logs(panel)
    app[LOGS] = logs
    for part in (PanelApi(panel), UsersApi(panel), SubApi(panel), logs, Sim(panel, logs)):
        app.add_routes(part.routes())
    faults.add_routes(app, script)
    return app
