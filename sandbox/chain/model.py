"""Owns the shapes of messages, transactions and accounts; must not know how they come about or how they are written."""

from dataclasses import dataclass, field

from sandbox.chain.address import Address
from sandbox.chain.bodies import Body


@dataclass(frozen=True)
class Message:
    """Value in nano on its way between accounts; a source of None comes from outside the chain (a wallet's order)."""

    source: Address | None
    destination: Address
    value: int
    body: Body
    created_lt: int
    created_at: int
    hash: str
    bounce: bool = False
    bounced: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a transaction ended; skip_reason tells why its code never ran."""

    success: bool = True
    aborted: bool = False
    skip_reason: str | None = None
    bounce_phase: str | None = None
    status: str = "active"


@dataclass(frozen=True)
class Transaction:
    """One step of one account; previous is (lt, hash) of the step before it."""

    hash: str
    lt: int
    account: Address
    utime: int
    in_msg: Message
    out_msgs: tuple[Message, ...]
    outcome: Outcome
    end_balance: int
    previous: tuple[int, str] | None


@dataclass
class Account:
    """An account with its steps in order of lt; balance in nano."""

    address: Address
    balance: int = 0
    transactions: list[Transaction] = field(default_factory=list)
