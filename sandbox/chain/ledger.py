"""Owns the truth of the chain: wallets, balances and transactions; must not know HTTP nor what an indexer hides."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from sandbox.chain import bodies
from sandbox.chain.address import Address
from sandbox.chain.bodies import Body
from sandbox.chain.model import Account, Message, Outcome, Transaction
from sandbox.clock import SandboxClock

MERCHANT = "merchant"
_FIRST_LT = 51_981_955_000_001
_LT_STEP = 1_000_000
_START_NANO = 10_000 * 10**9
_NOTICE_NANO = 1
_DEFAULT_NAMES = (MERCHANT, "alice", "bob", "carol")

_BODIES: dict[str, Callable[[str | None], Body]] = {
    "plain": bodies.plain,
    "undecoded": bodies.undecoded,
    "raw_body": bodies.bare,
    "encrypted": bodies.encrypted,
    "bounced": bodies.bounced,
    "call": lambda _comment: bodies.call(),
}
_OUTCOMES = {
    "failed": Outcome(success=False, aborted=True, skip_reason="cskip_no_gas"),
    "returned": Outcome(success=False, aborted=True, skip_reason="cskip_no_gas", bounce_phase="TrPhaseBounceOk"),
    "undeployed": Outcome(success=True, aborted=True, skip_reason="cskip_no_state", status="uninit"),
}
KINDS = frozenset(_BODIES) | frozenset(_OUTCOMES) | {"jetton"}


@dataclass(frozen=True)
class Order:
    """What a person tells the wallet to do; value in nano, kind one of KINDS."""

    source: str
    to: Address
    value: int
    comment: str | None = None
    kind: str = "plain"


@dataclass(frozen=True)
class Landing:
    """A message of one contract as it reaches another account."""

    source: Address
    to: Address
    value: int
    body: Body
    bounce: bool = False


class Chain:
    """The network: named wallets that can pay, and every account's transactions; the rate is RUB for one coin."""

    def __init__(self, clock: SandboxClock, rate_rub: Decimal = Decimal("220.00")) -> None:
        self.clock = clock
        self._rates = [(self._utime(), rate_rub)]
        self.wallets: dict[str, Address] = {}
        self.incoming: list[Transaction] = []
        self._accounts: dict[Address, Account] = {}
        self._lt = _FIRST_LT
        for name in _DEFAULT_NAMES:
            self.wallet(name)

    @property
    def merchant(self) -> Address:
        """The wallet a shop of the sandbox is paid to."""
        return self.wallets[MERCHANT]

    @property
    def rate_rub(self) -> Decimal:
        """RUB for one coin, now."""
        return self._rates[-1][1]

    @rate_rub.setter
    def rate_rub(self, rub: Decimal) -> None:
        self._rates.append((self._utime(), rub))

    def rate_at(self, utime: int) -> Decimal:
        """RUB for one coin at a moment; the first known one before it all."""
        return next((rub for since, rub in reversed(self._rates) if since <= utime), self._rates[0][1])

    def wallet(self, name: str) -> Address:
        """Return the wallet of that name, opened with some coins at first mention; the same address in every run."""
        if name not in self.wallets:
            address = Address(0, hashlib.sha256(f"sandbox wallet {name}".encode()).digest())
            self.wallets[name] = address
            self._accounts[address] = Account(address, _START_NANO)
        return self.wallets[name]

    def balance(self, address: Address) -> int:
        """Balance in nano; 0 where nothing ever happened."""
        account = self._accounts.get(address)
        return account.balance if account else 0

    def transactions(self, address: Address) -> list[Transaction]:
        """Every transaction of an account, oldest first; empty where it is unknown."""
        account = self._accounts.get(address)
        return account.transactions if account else []

    def accounts(self) -> list[Address]:
        """Every account anything is known of."""
        return list(self._accounts)

    def transfer(self, order: Order) -> Transaction:
        """Carry an order out and return the receiver's transaction; ValueError where it can't be."""
        self._check(order)
        sender = self._accounts[self.wallet(order.source)]
        receiver = self._accounts.setdefault(order.to, Account(order.to))
        outcome = _OUTCOMES.get(order.kind, Outcome())
        message = self._message(order, sender.address)
        sender.balance -= message.value
        self._step(sender, self._external(sender.address), (message,), Outcome())
        back = self._returned(message) if outcome.bounce_phase else ()
        receiver.balance += 0 if back else message.value
        landed = self._step(receiver, message, back, outcome)
        self.incoming.append(landed)
        if back:
            sender.balance += message.value
            self._step(sender, back[0], (), Outcome())
        return landed

    def land(self, landing: Landing, outcome: Outcome) -> Transaction:
        """Let a contract's message reach an account, and return that account's transaction."""
        receiver = self._accounts.setdefault(landing.to, Account(landing.to))
        lt = self._next_lt()
        message = Message(
            landing.source,
            landing.to,
            landing.value,
            landing.body,
            lt,
            self._utime(),
            _digest("landing", lt),
            bounce=landing.bounce,
        )
        receiver.balance += 0 if outcome.bounce_phase else message.value
        return self._step(receiver, message, (), outcome)

    def step_out(self, owner: Address, value: int) -> None:
        """Let a wallet send so many coins to a contract at its owner's order."""
        sender = self._accounts[owner]
        sender.balance -= value
        self._step(sender, self._external(owner), (), Outcome())

    def _check(self, order: Order) -> None:
        if order.kind not in KINDS:
            raise ValueError(f"unknown kind {order.kind}, known: {', '.join(sorted(KINDS))}")
        if order.value < 0 or order.value > self.balance(self.wallet(order.source)):
            raise ValueError(f"{order.source} can't send {order.value} nano")

    def _message(self, order: Order, source: Address) -> Message:
        value = order.value
        if order.kind == "jetton":
            # The claimed amount stands in the body; the coins attached only pay for the notice.
            body, value = bodies.jetton(order.comment, order.value, source), _NOTICE_NANO
        else:
            body = _BODIES.get(order.kind, bodies.plain)(order.comment)
        if order.kind == "failed":
            value = 0
        lt = self._next_lt()
        return Message(
            source, order.to, value, body, lt, self._utime(), _digest("message", lt), bounced=order.kind == "bounced"
        )

    def _external(self, wallet: Address) -> Message:
        lt = self._next_lt()
        return Message(None, wallet, 0, Body(), lt, self._utime(), _digest("order", lt))

    def _returned(self, message: Message) -> tuple[Message, ...]:
        if message.source is None:
            return ()
        lt = self._next_lt()
        body = bodies.bounced(message.body.text)
        back = Message(
            message.destination,
            message.source,
            message.value,
            body,
            lt,
            self._utime(),
            _digest("back", lt),
            bounced=True,
        )
        return (back,)

    def _step(self, account: Account, cause: Message, out: tuple[Message, ...], outcome: Outcome) -> Transaction:
        lt = self._next_lt()
        last = account.transactions[-1] if account.transactions else None
        previous = (last.lt, last.hash) if last else None
        hash_ = _digest(account.address.raw, lt)
        step = Transaction(hash_, lt, account.address, self._utime(), cause, out, outcome, account.balance, previous)
        account.transactions.append(step)
        return step

    def _next_lt(self) -> int:
        self._lt += _LT_STEP
        return self._lt

    def _utime(self) -> int:
        return int(self.clock.timestamp())


def _digest(what: str, lt: int) -> str:
    return hashlib.sha256(f"{what} {lt}".encode()).hexdigest()
