"""Owns Crypto Pay's own endpoints under /api; must not hold state."""

from collections.abc import Mapping
from decimal import Decimal

from aiohttp import web

from sandbox.cryptopay.model import text
from sandbox.cryptopay.till import FIATS, RUB_FOR_USD, RUB_RATES, Refusal, Till

TOKEN_HEADER = "Crypto-Pay-API-Token"  # noqa: S105 - a header's name
_APP_ID = 4242


class Api:
    """The handlers of /api over one till."""

    def __init__(self, till: Till) -> None:
        self._till = till
        self._methods = {
            "getMe": self._me,
            "createInvoice": self._create,
            "getInvoices": self._list,
            "deleteInvoice": self._delete,
            "getExchangeRates": self._rates,
        }

    async def call(self, request: web.Request) -> web.Response:
        """Answer a method, asked by GET or POST; the token is looked at first."""
        try:
            if request.headers.get(TOKEN_HEADER) != self._till.token:
                raise Refusal("UNAUTHORIZED", 401)
            method = self._methods.get(request.match_info["method"])
            if method is None:
                raise Refusal("METHOD_NOT_FOUND", 405)
            return web.json_response({"ok": True, "result": method(await _asked(request))})
        except Refusal as refusal:
            return error(refusal.code, refusal.name)

    def _me(self, _asked: Mapping[str, object]) -> object:
        return {"app_id": _APP_ID, "name": "Sandbox", "payment_processing_bot_username": self._till.bot}

    def _create(self, asked: Mapping[str, object]) -> object:
        return self._till.create(asked).wire(self._till.clock.now())

    def _list(self, asked: Mapping[str, object]) -> object:
        now = self._till.clock.now()
        return {"items": [invoice.wire(now) for invoice in self._till.listing(asked)]}

    def _delete(self, asked: Mapping[str, object]) -> object:
        self._till.delete(asked.get("invoice_id"))
        return True

    def _rates(self, _asked: Mapping[str, object]) -> object:
        usd = {asset: rate / RUB_FOR_USD for asset, rate in RUB_RATES.items()}
        rates = [
            _rate(source, target, per[source])
            for target, per in (("RUB", RUB_RATES), ("USD", usd))
            for source in RUB_RATES
        ]
        return [*rates, *(_rate("USDT", fiat, None) for fiat in sorted(FIATS - {"RUB", "USD"}))]


def error(code: int, name: str) -> web.Response:
    """Word a refusal the way Crypto Pay does."""
    return web.json_response({"ok": False, "error": {"code": code, "name": name}}, status=code)


def _rate(source: str, target: str, rate: Decimal | None) -> dict[str, object]:
    return {
        "is_valid": rate is not None,
        "is_crypto": True,
        "is_fiat": False,
        "source": source,
        "target": target,
        "rate": text(round(rate or Decimal(0), 8)),
    }


async def _asked(request: web.Request) -> Mapping[str, object]:
    if request.method == "GET":
        return dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            raise Refusal("BAD_REQUEST") from None
        if not isinstance(body, dict):
            raise Refusal("BAD_REQUEST")
        return body
    return {name: str(value) for name, value in (await request.post()).items()}
