"""Owns one HTTP server of the sandbox on the loopback address; must not know what it serves."""

from aiohttp import web

HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 0.5


class Server:
    """An aiohttp application on 127.0.0.1; port 0 takes a free one and keeps it over a stop and a new start."""

    def __init__(self, app: web.Application, port: int = 0) -> None:
        self.port = port
        self._app = app
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen and return the base URL without a trailing slash; OSError where the port is taken."""
        # Cancellation on disconnect ends a handler that waits (long poll, event stream, hang) together with its client.
        runner = web.AppRunner(
            self._app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self.port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.port = int(runner.addresses[0][1])
        return self.url

    @property
    def url(self) -> str:
        """Base URL, of use once started."""
        return f"http://{HOST}:{self.port}"

    async def stop(self) -> None:
        """Close every connection and stop listening; harmless when not started."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()
