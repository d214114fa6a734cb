"""The answers of tonapi, as far as they are used. Validates nothing else: new fields and new values are welcome."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

BIGGEST = 2**63 - 1

Whole = Annotated[int, Field(ge=0, le=BIGGEST)]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Party(_Answer):
    """An account in a message."""

    address: str


class ComputePhase(_Answer):
    """Whether the account's code ran, and if not, why."""

    skip_reason: str | None = None


class Message(_Answer):
    """A message between accounts; `value` in nanotons."""

    msg_type: str
    value: Whole
    bounce: bool = False
    bounced: bool = False
    source: Party | None = None
    destination: Party | None = None
    op_code: str | None = None
    raw_body: str | None = None
    decoded_op_name: str | None = None
    decoded_body: object = None


class Transaction(_Answer):
    """One step in an account's history; `lt` orders it, `prev_trans_*` names the step before it."""

    hash: Hash
    lt: Annotated[int, Field(gt=0, le=BIGGEST)]
    utime: AwareDatetime
    success: bool
    aborted: bool
    transaction_type: str
    in_msg: Message | None = None
    out_msgs: tuple[Message, ...] = ()
    compute_phase: ComputePhase | None = None
    bounce_phase: str | None = None
    prev_trans_lt: Whole | None = None
    prev_trans_hash: str | None = None

    @field_validator("out_msgs", mode="before")
    @classmethod
    def _null_is_none(cls, value: object) -> object:
        return () if value is None else value


class Transactions(_Answer):
    """A page of an account's history."""

    transactions: tuple[Transaction, ...]

    @field_validator("transactions", mode="before")
    @classmethod
    def _null_is_none(cls, value: object) -> object:
        # Go writes an empty list as null where it was never made.
        return () if value is None else value


class TokenRates(_Answer):
    """What one coin costs, by currency in upper case."""

    prices: dict[str, Decimal]


class RatesTable(_Answer):
    """Prices by token in upper case."""

    rates: dict[str, TokenRates]


class Chart(_Answer):
    """Moments with prices."""

    points: tuple[tuple[AwareDatetime, Decimal], ...]

    @field_validator("points", mode="before")
    @classmethod
    def _null_is_none(cls, value: object) -> object:
        return () if value is None else value


class StackRecord(_Answer):
    """One value that a contract's method left: a cell or a slice as a bag of cells in hex."""

    cell: str | None = None
    slice: str | None = None


class MethodResult(_Answer):
    """What a contract's method answered."""

    success: bool
    stack: tuple[StackRecord, ...] = ()
    decoded: object = None


class Status(_Answer):
    """The indexer's health; `indexing_latency` is read as seconds behind the chain, as wallets read it."""

    rest_online: bool
    indexing_latency: Whole
