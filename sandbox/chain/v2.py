"""Owns tonapi's own endpoints under /v2; must not hold state."""

from aiohttp import web

from sandbox.chain import rates, wire
from sandbox.chain.address import Spelling, parse
from sandbox.chain.index import Index, Page
from sandbox.chain.jettons import Jettons, address_cell
from sandbox.chain.ledger import Chain

_MAX_LIMIT = 1000
_MAX_TOKENS = 100
_MAX_CURRENCIES = 50


class Api:
    """The handlers of /v2 over a chain and what its index shows."""

    def __init__(self, chain: Chain, index: Index, jettons: Jettons) -> None:
        self._chain = chain
        self._index = index
        self._jettons = jettons

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.get("/v2/status", self.status),
            web.get("/v2/blockchain/accounts/{account}/transactions", self.transactions),
            web.get("/v2/blockchain/transactions/{hash}", self.transaction),
            web.get("/v2/blockchain/messages/{hash}/transaction", self.transaction),
            web.get("/v2/address/{account}/parse", self.address),
            web.get("/v2/rates", self.rates),
            web.get("/v2/rates/chart", self.chart),
            web.get("/v2/blockchain/accounts/{account}/methods/{method}", self.method),
        ]

    async def status(self, _request: web.Request) -> web.Response:
        """Tell the indexer's health."""
        mode = self._index.mode
        seqno = int(self._chain.clock.timestamp()) // 4
        return web.json_response(
            {
                "rest_online": mode.rest_online,
                "indexing_latency": mode.indexing_latency,
                "last_known_masterchain_seqno": seqno,
            }
        )

    async def transactions(self, request: web.Request) -> web.Response:
        """List an account's transactions; an unknown account has none."""
        page = _page(request)
        steps = self._index.page(_spelling(request).address, page)
        if not steps and self._index.mode.null_when_empty:
            return web.json_response({"transactions": None})
        return web.json_response({"transactions": [wire.transaction(step) for step in steps]})

    async def transaction(self, request: web.Request) -> web.Response:
        """Show one transaction by its hash or its message's."""
        step = self._index.find(request.match_info["hash"].lower())
        if step is None:
            return error(404, "transaction not found")
        return web.json_response(wire.transaction(step))

    async def address(self, request: web.Request) -> web.Response:
        """Spell an address in every form."""
        spelling = _spelling(request)
        return web.json_response(
            {
                "raw_form": spelling.address.raw,
                "bounceable": _forms(spelling, bounceable=True),
                "non_bounceable": _forms(spelling, bounceable=False),
                "given_type": spelling.given_type,
                "test_only": spelling.test_only,
            }
        )

    async def rates(self, request: web.Request) -> web.Response:
        """Quote tokens in currencies."""
        tokens, currencies = _names(request, "tokens", _MAX_TOKENS), _names(request, "currencies", _MAX_CURRENCIES)
        try:
            table = rates.table(self._chain.rate_rub, tokens, currencies, self._index.mode.rate_tokens)
        except ValueError as problem:
            return error(400, str(problem))
        return web.json_response({"rates": table})


    async def chart(self, request: web.Request) -> web.Response:
        """Draw what a coin, or a jetton by its master, cost in a currency over a span of time."""
        since, until = _number(request, "start_date"), _number(request, "end_date")
        points = _number(request, "points_count")
        now = int(self._chain.clock.timestamp())
        span = rates.Span(now - 86_400 if since is None else since, now if until is None else until)
        token, currency = request.query.get("token", ""), request.query.get("currency", "usd")
        is_dollar = _is_address(token) and self._jettons.named(parse(token).address) is not None
        known = is_dollar or token in self._index.mode.rate_tokens
        try:
            drawn = rates.chart(self._chain.rate_at, span, points or 200, currency, is_dollar=is_dollar)
        except ValueError as problem:
            return error(400, str(problem))
        return web.json_response({"points": drawn if known and self._index.mode.draws_charts else []})

    async def method(self, request: web.Request) -> web.Response:
        """Run the one method that is asked of jetton masters: whose jetton wallet is where."""
        jetton, argument = self._jettons.named(_spelling(request).address), request.query.get("args", "")
        if jetton is None or request.match_info["method"] != "get_wallet_address" or not _is_address(argument):
            return error(404, "entity not found")
        address = self._jettons.wallet(jetton, parse(argument).address)
        answer: dict[str, object] = {
            "success": True,
            "exit_code": 0,
            "stack": [{"type": "cell", "cell": address_cell(address)}],
        }
        if self._index.mode.decodes_methods:
            answer["decoded"] = {"jetton_wallet_address": address.raw}
        return web.json_response(answer)


def error(status: int, text: str) -> web.Response:
    """Word an error the way tonapi's handlers do."""
    return web.json_response({"error": text}, status=status)


def _refuse(text: str) -> web.HTTPException:
    # tonapi's middleware encodes a Go struct without tags, hence the capital letter.
    return web.HTTPBadRequest(text=f'{{"Error":"{text}"}}', content_type="application/json")


def _spelling(request: web.Request) -> Spelling:
    try:
        return parse(request.match_info["account"])
    except ValueError as problem:
        raise web.HTTPBadRequest(text=f'{{"error":"{problem}"}}', content_type="application/json") from problem


def _is_address(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _page(request: web.Request) -> Page:
    limit = _number(request, "limit")
    order = request.query.get("sort_order", "desc")
    if limit is not None and not 1 <= limit <= _MAX_LIMIT:
        raise _refuse("decode params: query: limit: invalid value")
    if order not in {"asc", "desc"}:
        raise _refuse("decode params: query: sort_order: invalid value")
    return Page(_number(request, "after_lt"), _number(request, "before_lt"), limit or 100, ascending=order == "asc")


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.removeprefix("-").isdecimal():
        raise _refuse(f"decode params: query: {name}: invalid value")
    return int(text)


def _names(request: web.Request, name: str, most: int) -> list[str]:
    names = [part for part in request.query.get(name, "").split(",") if part]
    if not 1 <= len(names) <= most:
        raise _refuse(f"decode params: query: {name}: field required")
    return names


def _forms(spelling: Spelling, *, bounceable: bool) -> dict[str, str]:
    address, test = spelling.address, spelling.test_only
    return {
        "b64": address.friendly(bounceable=bounceable, test_only=test, url_safe=False),
        "b64url": address.friendly(bounceable=bounceable, test_only=test),
    }
