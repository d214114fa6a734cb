"""Owns the invoices of one app and the rules by which they are made, listed and paid; must not speak HTTP.

Of the names of refusals UNAUTHORIZED, EXPIRES_IN_INVALID, UNSUPPORTED_ASSET, UNSUPPORTED_ACCEPTED_ASSET and
INVOICE_NOT_FOUND are the real ones; the others are worded alike.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from sandbox.clock import SandboxClock
from sandbox.cryptopay.model import PROCESSING_BOT, TEST_PROCESSING_BOT, Invoice, Payment

FIATS = frozenset(
    {"USD", "EUR", "RUB", "BYN", "UAH", "GBP", "CNY", "KZT", "UZS", "GEL", "TRY", "AMD", "THB", "INR", "BRL", "IDR"}
    | {"AZN", "AED", "PLN", "ILS"}
)
RUB_RATES = {
    "USDT": Decimal("81.2"),
    "TON": Decimal("220"),
    "BTC": Decimal("7800000"),
    "ETH": Decimal("260000"),
    "LTC": Decimal("8200"),
    "BNB": Decimal("72000"),
    "TRX": Decimal("23"),
    "USDC": Decimal("81.1"),
}
RUB_FOR_USD = Decimal("81")
FEE = Decimal("0.03")
MOST_PAYLOAD_BYTES = 4096
MOST_DESCRIPTION = 1024
LONGEST_SECONDS = 2_678_400
MOST_LISTED = 1000
BIGGEST_AMOUNT = Decimal(10) ** 12
_COIN_STEP = Decimal("1e-8")
_FIRST_ID = 32_245_580


class Refusal(Exception):
    """A wish that Crypto Pay refuses; `name` is its word for the reason."""

    def __init__(self, name: str, code: int = 400) -> None:
        super().__init__(name)
        self.name = name
        self.code = code


class Till:
    """One app behind one token; `listeners` hear of every invoice that is paid."""

    def __init__(self, clock: SandboxClock, token: str, *, testnet: bool = False) -> None:
        self.clock = clock
        self.token = token
        self.bot = TEST_PROCESSING_BOT if testnet else PROCESSING_BOT
        self.invoices: dict[int, Invoice] = {}
        self.listeners: list[Callable[[Invoice], None]] = []
        # What the real one does with an invoice that is paid is not documented: the worse is to be survived as well.
        self.deletes_paid = False
        self._next_id = _FIRST_ID

    def create(self, asked: Mapping[str, object]) -> Invoice:
        """Make an invoice by the API's rules."""
        kind = str(asked.get("currency_type", "crypto"))
        if kind not in {"crypto", "fiat"}:
            raise Refusal("CURRENCY_TYPE_INVALID")
        seconds = _seconds(asked.get("expires_in"))
        now = self.clock.now()
        invoice = Invoice(
            id=self._next_id,
            hash="IV" + secrets.token_hex(5),
            currency_type=kind,
            currency=_currency(asked, kind),
            amount=_amount(asked.get("amount")),
            created_at=now,
            expires_at=now + timedelta(seconds=seconds) if seconds is not None else None,
            bot=self.bot,
            payload=_text(asked, "payload", MOST_PAYLOAD_BYTES),
            description=_text(asked, "description", MOST_DESCRIPTION),
            allow_comments=_flag(asked.get("allow_comments", True)),
            allow_anonymous=_flag(asked.get("allow_anonymous", True)),
            accepted_assets=_accepted(asked, kind),
        )
        self._next_id += 1
        self.invoices[invoice.id] = invoice
        return invoice

    def listing(self, asked: Mapping[str, object]) -> list[Invoice]:
        """List invoices, newest first, by status, ids, asset or fiat."""
        offset, count = _number(asked, "offset", 0), _number(asked, "count", 100)
        if offset < 0:
            raise Refusal("OFFSET_INVALID")
        if not 1 <= count <= MOST_LISTED:
            raise Refusal("COUNT_INVALID")
        status = asked.get("status")
        if status not in {None, "active", "paid"}:
            raise Refusal("STATUS_INVALID")
        ids = {part.strip() for part in str(asked.get("invoice_ids", "")).split(",") if part.strip()}
        now = self.clock.now()
        wanted = [
            invoice
            for invoice in reversed(self.invoices.values())
            if (not ids or str(invoice.id) in ids)
            and (status is None or invoice.status(now) == status)
            and asked.get("fiat") in {None, invoice.currency}
            and asked.get("asset") in {None, invoice.currency}
        ]
        return wanted[offset : offset + count]

    def delete(self, invoice_id: object) -> None:
        """Forget an invoice that nobody has paid."""
        invoice = self.find(invoice_id)
        if invoice.payment is not None and not self.deletes_paid:
            raise Refusal("INVOICE_ALREADY_PAID")
        del self.invoices[invoice.id]

    def find(self, name: object) -> Invoice:
        """Find an invoice by its id or its hash."""
        for invoice in self.invoices.values():
            if str(name) in {str(invoice.id), invoice.hash}:
                return invoice
        raise Refusal("INVOICE_NOT_FOUND", 404)

    def quote(self, invoice: Invoice, asset: str) -> Decimal:
        """Tell how much of the asset the invoice costs now."""
        if asset not in RUB_RATES or (invoice.accepted_assets and asset not in invoice.accepted_assets):
            raise Refusal("UNSUPPORTED_ASSET")
        if invoice.currency_type == "crypto":
            if asset != invoice.currency:
                raise Refusal("UNSUPPORTED_ASSET")
            return invoice.amount
        return (invoice.amount * _rub_for(invoice.currency) / RUB_RATES[asset]).quantize(_COIN_STEP)

    def pay(self, name: object, asset: str, *, late: bool = False) -> Invoice:
        """Pay an invoice as a customer of the bot; `late` lets one that is expired be paid all the same."""
        invoice = self.find(name)
        now = self.clock.now()
        if invoice.payment is not None:
            raise Refusal("INVOICE_ALREADY_PAID")
        if invoice.status(now) == "expired" and not late:
            raise Refusal("INVOICE_EXPIRED")
        amount = self.quote(invoice, asset)
        rate = RUB_RATES[asset] / _rub_for(invoice.currency) if invoice.currency_type == "fiat" else None
        usd = (RUB_RATES[asset] / RUB_FOR_USD).quantize(_COIN_STEP)
        invoice.payment = Payment(asset, amount, (amount * FEE).quantize(_COIN_STEP), rate, usd, now)
        for listener in self.listeners:
            listener(invoice)
        return invoice


def _currency(asked: Mapping[str, object], kind: str) -> str:
    if kind == "fiat":
        if asked.get("fiat") not in FIATS:
            raise Refusal("UNSUPPORTED_FIAT")
        return str(asked["fiat"])
    if asked.get("asset") not in RUB_RATES:
        raise Refusal("UNSUPPORTED_ASSET")
    return str(asked["asset"])


def _accepted(asked: Mapping[str, object], kind: str) -> tuple[str, ...]:
    assets = tuple(part for part in str(asked.get("accepted_assets", "")).split(",") if part)
    if assets and (kind != "fiat" or not RUB_RATES.keys() >= set(assets)):
        raise Refusal("UNSUPPORTED_ACCEPTED_ASSET")
    return assets


def _amount(given: object) -> Decimal:
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        raise Refusal("AMOUNT_INVALID") from None
    if not amount.is_finite() or not 0 < amount < BIGGEST_AMOUNT:
        raise Refusal("AMOUNT_INVALID")
    return amount


def _seconds(given: object) -> int | None:
    if given is None:
        return None
    if not str(given).isdecimal() or not 1 <= int(str(given)) <= LONGEST_SECONDS:
        raise Refusal("EXPIRES_IN_INVALID")
    return int(str(given))


def _text(asked: Mapping[str, object], name: str, most_bytes: int) -> str | None:
    given = asked.get(name)
    if given is not None and len(str(given).encode()) > most_bytes:
        raise Refusal(f"{name.upper()}_TOO_LONG")
    return None if given is None else str(given)


def _flag(given: object) -> bool:
    return given is True or str(given).lower() == "true"


def _number(asked: Mapping[str, object], name: str, usual: int) -> int:
    given = str(asked.get(name, usual))
    if not given.removeprefix("-").isdecimal():
        raise Refusal(f"{name.upper()}_INVALID")
    return int(given)


def _rub_for(fiat: str) -> Decimal:
    return Decimal(1) if fiat == "RUB" else RUB_FOR_USD
