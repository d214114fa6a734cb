"""Owns the assembly of the Bot API emulator as one web application; must not listen."""

from aiohttp import web

from sandbox import faults
from sandbox.telegram.bot_api import CLIENT_MAX_SIZE, BotApi
from sandbox.telegram.sim.groups import SimGroups
from sandbox.telegram.sim.routes import Sim
from sandbox.telegram.sim.stream import Stream
from sandbox.telegram.telegram import Telegram


def create_app(telegram: Telegram) -> web.Application:
    """Serve the Bot API at /bot{token}/{method}, and /sim for people, watchers and faults."""
    app = web.Application(client_max_size=CLIENT_MAX_SIZE)
    api = BotApi(telegram)
    telegram.webhook.reply = api.execute
    api.add_routes(app)
    Sim(telegram).add_routes(app)
    SimGroups(telegram).add_routes(app)
    Stream(telegram).add_routes(app)
    faults.add_routes(app, telegram.faults)

    async def wind_up(_app: web.Application) -> None:
        telegram.polling.end()
        telegram.events.close()
        await telegram.webhook.close()

    # On shutdown rather than on cleanup: long polls and streams must end before the server waits for its handlers.
    app.on_shutdown.append(wind_up)
    return app
