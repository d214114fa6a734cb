"""Owns Telegram's books of Stars: invoices, checkouts under way, charges, refunds, balances; must not send anything."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

CURRENCY = "XTR"
CHECKOUT_SECONDS = 10.0
_FIRST_BALANCE = 100_000


@dataclass(frozen=True, slots=True)
class StarsInvoice:
    """What a bot asks for; the payload is the bot's own and shown to nobody."""

    title: str
    description: str
    payload: str
    stars: int
    start_parameter: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One row of the bot's list; a refund has the id of its charge."""

    id: str
    person_id: int
    stars: int
    at: int
    payload: str
    is_refund: bool


@dataclass(slots=True)
class Stars:
    """Who has how many, and how they came to it."""

    transfers: list[Transfer] = field(default_factory=list)
    checkout_seconds: float = CHECKOUT_SECONDS
    _links: dict[str, StarsInvoice] = field(default_factory=dict)
    _spent: dict[int, int] = field(default_factory=dict)

    def link(self, invoice: StarsInvoice) -> str:
        """Return a new link to the invoice; it can be paid any number of times."""
        slug = secrets.token_urlsafe(16)
        self._links[slug] = invoice
        return f"https://t.me/${slug}"

    def at_link(self, link: str) -> StarsInvoice | None:
        """Return what a link leads to."""
        return self._links.get(link.partition("t.me/$")[2])

    def balance(self, person_id: int) -> int:
        """Return how many Stars a person has."""
        return _FIRST_BALANCE - self._spent.get(person_id, 0)

    def earned(self) -> int:
        """Return how many Stars the bot has."""
        return sum(-transfer.stars if transfer.is_refund else transfer.stars for transfer in self.transfers)

    def charge(self, person_id: int, invoice: StarsInvoice, at: int) -> Transfer:
        """Move the Stars to the bot."""
        made = Transfer(f"stx{secrets.token_hex(20)}", person_id, invoice.stars, at, invoice.payload, is_refund=False)
        self._book(made)
        return made

    def refund(self, charge: Transfer, at: int) -> Transfer:
        """Move the Stars of a charge back."""
        made = Transfer(charge.id, charge.person_id, charge.stars, at, charge.payload, is_refund=True)
        self._book(made)
        return made

    def of(self, charge_id: str) -> Iterator[Transfer]:
        """Return the charge of this id and its refund, as far as there are any."""
        return (transfer for transfer in self.transfers if transfer.id == charge_id)

    def clear(self) -> None:
        """Forget everything."""
        self.transfers.clear()
        self._links.clear()
        self._spent.clear()

    def _book(self, transfer: Transfer) -> None:
        self.transfers.append(transfer)
        spent = -transfer.stars if transfer.is_refund else transfer.stars
        self._spent[transfer.person_id] = self._spent.get(transfer.person_id, 0) + spent
