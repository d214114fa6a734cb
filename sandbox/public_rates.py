"""Owns a public site of prices in CoinGecko's protocol; must not know who asks, nor where its prices come from."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from aiohttp import web

from sandbox import faults

Prices = Callable[[], Mapping[str, Mapping[str, Decimal]]]


def create_app(prices: Prices) -> web.Application:
    """Build the server; `prices` tells coins with their prices by currency, both in lower case."""
    script = faults.FaultScript()
    app = web.Application(middlewares=[faults.middleware(script, _shape)])

    async def simple_price(request: web.Request) -> web.Response:
        ids, currencies = _names(request, "ids"), _names(request, "vs_currencies")
        known = prices()
        # Prices are JSON numbers there; this edge is the only place where one becomes a float.
        return web.json_response(
            {
                name: {currency: float(known[name][currency]) for currency in currencies if currency in known[name]}
                for name in ids
                if name in known
            }
        )

    app.router.add_get("/api/v3/simple/price", simple_price)
    faults.add_routes(app, script)
    return app


def _names(request: web.Request, parameter: str) -> list[str]:
    return [part for part in request.query.get(parameter, "").lower().split(",") if part]


def _shape(fault: faults.Fault) -> web.Response:
    status = 429 if fault.action == "rate_limit" else fault.status
    return web.json_response({"status": {"error_code": status, "error_message": "try again later"}}, status=status)
