"""Owns the Crypto Pay emulator's own doors under /sim, for the page and for tests; must not speak the API."""

from aiohttp import web
from pydantic import Field

from sandbox.asked import Asked, read, refusal
from sandbox.courier import Courier, Where
from sandbox.cryptopay.model import Invoice, text
from sandbox.cryptopay.signing import TAMPERED
from sandbox.cryptopay.till import RUB_RATES, Refusal, Till
from sandbox.cryptopay.webhook import Webhook

_SHOWN = 50


class Pay(Asked):
    """A wish to pay an invoice, named by its id or its hash; `late` pays one that is expired."""

    invoice_id: int | str
    asset: str = "USDT"
    late: bool = False


class Deliver(Asked):
    """A webhook to bring now, true or tampered with; `changes` are made to the invoice before it is signed."""

    invoice_id: int | str
    tamper: str = "none"
    changes: dict[str, object] = Field(default_factory=dict)
    times: int = Field(default=1, ge=1, le=1000)


class Sim:
    """The handlers of /sim."""

    def __init__(self, till: Till, webhook: Webhook, courier: Courier) -> None:
        self._till = till
        self._webhook = webhook
        self._courier = courier

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.get("/sim/state", self.state),
            web.post("/sim/pay", self.pay),
            web.post("/sim/webhook", self.webhook),
            web.post("/sim/deliver", self.deliver),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        """Show the newest invoices with what they cost in every coin, and what became of webhooks."""
        newest = list(reversed(self._till.invoices.values()))[:_SHOWN]
        return web.json_response(
            {
                "bot": self._till.bot,
                "invoices": [self._shown(invoice) for invoice in newest],
                "webhook": self._courier.habit.url,
                "sent": [{"invoice_id": name, "status": status} for name, status in self._courier.sent[-_SHOWN:]],
            }
        )

    async def pay(self, request: web.Request) -> web.Response:
        """Pay as a customer."""
        asked = await read(request, Pay)
        try:
            return web.json_response(self._shown(self._till.pay(asked.invoice_id, asked.asset, late=asked.late)))
        except Refusal as problem:
            raise refusal(problem.name) from None

    async def webhook(self, request: web.Request) -> web.Response:
        """Set where webhooks go; the forms of what is lost, late or repeated with it."""
        self._courier.habit = (await read(request, Where)).habit()
        return web.json_response({"url": self._courier.habit.url})

    async def deliver(self, request: web.Request) -> web.Response:
        """Bring a webhook now and tell the statuses it was answered with."""
        asked = await read(request, Deliver)
        if asked.tamper not in TAMPERED:
            raise refusal(f"tamper is one of {', '.join(TAMPERED)}")
        try:
            invoice = self._till.find(asked.invoice_id)
        except Refusal as problem:
            raise refusal(problem.name) from None
        statuses = await self._webhook.deliver(
            invoice, tamper=asked.tamper, changes=asked.changes, times=asked.times
        )
        return web.json_response({"statuses": statuses})

    def _shown(self, invoice: Invoice) -> dict[str, object]:
        accepted = invoice.accepted_assets or tuple(RUB_RATES)
        assets = accepted if invoice.currency_type == "fiat" else (invoice.currency,)
        costs = {asset: text(self._till.quote(invoice, asset)) for asset in assets}
        return invoice.wire(self._till.clock.now()) | {"costs": costs}
