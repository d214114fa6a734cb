"""Owns jettons: masters, the wallets they name, and transfers between these; must not know who is paid for what.

A transfer leaves the traces that it leaves on the real chain: an internal transfer at the receiver's jetton wallet,
and a notice to its owner, which anybody could have sent.
"""

import hashlib
from dataclasses import dataclass, replace

from sandbox.chain import bodies
from sandbox.chain.address import Address, parse
from sandbox.chain.bodies import Body
from sandbox.chain.cells import Cell, bag
from sandbox.chain.ledger import Chain, Landing
from sandbox.chain.model import Outcome, Transaction

USDT = "usdt"
FAKE_USDT = "fake_usdt"
# The real one, so that links and settings need nothing of the sandbox's own. The fake has the same symbol.
MASTERS = {
    USDT: parse("EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs").address,
    FAKE_USDT: Address(0, hashlib.sha256(b"sandbox fake usdt").digest()),
}
START_UNITS = 100_000 * 10**6
KINDS = frozenset({"plain", "inline", "bare", "encrypted", "failed", "mint", "burn", "garbage"})

_INTERNAL_OP, _BURN_OP, _TEXT_OP, _ENCRYPTED_OP = 0x178D4519, 0x595F07BC, bytes(4), bytes.fromhex("2167da4b")
_ATTACHED_NANO = 30_000_000
_FORWARDED_NANO = 1
_SNAKE_BYTES = 120


@dataclass(frozen=True)
class JettonOrder:
    """What a person tells the wallet to do with a jetton; kind one of KINDS."""

    source: str
    to: Address
    units: int
    comment: str | None = None
    jetton: str = USDT
    kind: str = "plain"


class Jettons:
    """The masters with the balances of owners, over a chain that keeps the transactions."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._units: dict[tuple[str, Address], int] = {}
        self.orders: dict[str, JettonOrder] = {}

    def wallet(self, jetton: str, owner: Address) -> Address:
        """Return the jetton wallet that the master names for an owner, opened or not."""
        return Address(0, hashlib.sha256(f"jetton wallet {MASTERS[jetton].raw} {owner.raw}".encode()).digest())

    def named(self, master: Address) -> str | None:
        """Return our word for a master, None where it is none."""
        return next((name for name, address in MASTERS.items() if address == master), None)

    def balance(self, jetton: str, owner: Address) -> int:
        """Return the units of an owner; people of the sandbox begin with some."""
        begins = START_UNITS if owner in self._chain.wallets.values() else 0
        return self._units.get((jetton, owner), begins)

    def transfer(self, order: JettonOrder) -> Transaction:
        """Carry an order out and return the transaction of the jetton wallet it ended at; ValueError where it can't."""
        owner = self._chain.wallet(order.source)
        self._check(order, owner)
        if order.kind == "burn":
            return self._burn(order, owner)
        self._chain.step_out(owner, _ATTACHED_NANO)
        fails = order.kind == "failed"
        source = MASTERS[order.jetton] if order.kind == "mint" else self.wallet(order.jetton, owner)
        landing = Landing(
            source, self.wallet(order.jetton, order.to), _ATTACHED_NANO, _internal(order, owner), bounce=True
        )
        outcome = Outcome(success=False, aborted=True, bounce_phase="TrPhaseBounceOk") if fails else Outcome()
        landed = self._chain.land(landing, outcome)
        self._chain.incoming.append(landed)
        self.orders[landed.hash] = order
        if not fails:
            self._move(order, owner)
            notice = bodies.jetton(order.comment, order.units, owner)
            self._chain.land(Landing(landing.to, order.to, _FORWARDED_NANO, notice), Outcome())
        return landed

    def _check(self, order: JettonOrder, owner: Address) -> None:
        if order.jetton not in MASTERS:
            raise ValueError(f"unknown jetton {order.jetton}, known: {', '.join(sorted(MASTERS))}")
        if order.kind not in KINDS:
            raise ValueError(f"unknown kind {order.kind} of a jetton transfer, known: {', '.join(sorted(KINDS))}")
        most = float("inf") if order.kind in {"mint", "failed"} else self.balance(order.jetton, owner)
        if not 0 <= order.units <= most:
            raise ValueError(f"{order.source} can't send {order.units} units")

    def _move(self, order: JettonOrder, owner: Address) -> None:
        if order.kind != "mint":
            self._units[order.jetton, owner] = self.balance(order.jetton, owner) - order.units
        self._units[order.jetton, order.to] = self.balance(order.jetton, order.to) + order.units

    def _burn(self, order: JettonOrder, owner: Address) -> Transaction:
        self._units[order.jetton, owner] = self.balance(order.jetton, owner) - order.units
        body = Cell().number(_BURN_OP, 32).number(0, 64).coins(order.units).address(owner).number(0, 1)
        said = Body(bag(body), f"0x{_BURN_OP:08x}", "jetton_burn")
        return self._chain.land(Landing(owner, self.wallet(order.jetton, owner), _ATTACHED_NANO, said), Outcome())


def _internal(order: JettonOrder, owner: Address) -> Body:
    head = Cell().number(_INTERNAL_OP, 32)
    name, decoded = "jetton_internal_transfer", {"query_id": 0, "amount": str(order.units), "from": owner.raw}
    if order.kind == "garbage":
        return Body(bag(head), f"0x{_INTERNAL_OP:08x}")
    sender = None if order.kind == "mint" else owner
    head.number(0, 64).coins(order.units).address(sender).address(owner).coins(_FORWARDED_NANO)
    said = Body(bag(_with_payload(head, order)), f"0x{_INTERNAL_OP:08x}", name, dict(decoded))
    return replace(said, decoded=None) if order.kind == "bare" else said


def _with_payload(head: Cell, order: JettonOrder) -> Cell:
    """What is forwarded stands in the message itself where it is short and the wallet likes it so, else behind it."""
    if order.comment is None:
        return head.number(0, 1)
    op = _ENCRYPTED_OP if order.kind == "encrypted" else _TEXT_OP
    text = op + order.comment.encode()
    if order.kind == "inline":
        return head.number(0, 1).bytes(text)
    return head.number(1, 1).ref(_snake(text))


def _snake(payload: bytes) -> Cell:
    cell = Cell().bytes(payload[:_SNAKE_BYTES])
    return cell.ref(_snake(payload[_SNAKE_BYTES:])) if len(payload) > _SNAKE_BYTES else cell


def address_cell(address: Address) -> str:
    """Write an address as a contract's method answers it."""
    return bag(Cell().address(address))
