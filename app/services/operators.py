"""What operators do with money by hand: give what waits to an account, set it aside, put a balance right. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Context, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from app.domain.assets import Asset
from app.domain.money import ZERO, Money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.services.ports import Clock

ASSETS = frozenset(asset.value for asset in Asset)
_PLACES = Decimal("0.000001")
_EXACT = Context(prec=60)
# In rubles for a whole coin; more does not fit its column.
MOST_RATE = Decimal(10) ** 12


class Refusal(StrEnum):
    """Why a wish of an operator's was not carried out; nothing has changed then."""

    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    CREDITED = "credited"
    DISMISSED = "dismissed"
    REFUNDED = "refunded"
    NO_ACCOUNT = "no_account"
    OTHERS = "others"
    NO_WORTH = "no_worth"
    TOO_LITTLE = "too_little"
    KEY_USED = "key_used"


class Refused(Exception):
    """Carries the reason; whoever asked puts it into words."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class ReceivedMoney:
    """Money that came in, as an operator sees it. `amount` is in whole units of `asset`; `comment` is a stranger's."""

    gateway: str
    key: str
    at: datetime
    asset: str
    amount: int
    source: str | None
    comment: str | None
    verdict: str
    status: str
    owner: int | None
    is_refunded: bool

    @property
    def chain_asset(self) -> Asset | None:
        """Which asset of the TON network it is; None for what came by another gateway."""
        return Asset(self.gateway) if self.gateway in ASSETS else None

    @property
    def reference(self) -> str:
        """What names it: also the business key under which it is credited."""
        return f"{self.gateway}:{self.key}"


@dataclass(frozen=True, slots=True)
class Worth:
    """What money brings its owner; `rate` is rubles for a coin, of money that came by a chain."""

    amount: Money
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change of a balance by an operator, once for its key."""

    owner: int
    amount: Money
    reason: str
    key: str
    is_told: bool


class MoneyStore(Protocol):
    """Money that came in and the balances it may go to; implemented in repo."""

    async def waiting(self) -> Sequence[ReceivedMoney]:
        """What was credited to nobody and not set aside, oldest first."""
        ...

    async def matching(self, gateway: str, prefix: str) -> Sequence[ReceivedMoney]:
        """Up to two whose key begins so; the one whose key is just that comes first."""
        ...

    async def balance(self, tg_id: int) -> Money | None:
        """The balance as the row has it; None where there is no such account."""
        ...

    async def assign(self, money: ReceivedMoney, tg_id: int, worth: Worth, who: str, now: datetime) -> bool:
        """Credit it, if it still waits; all in one transaction, with the bonus, the notice and the log."""
        ...

    async def dismiss(self, money: ReceivedMoney, reason: str, who: str, now: datetime) -> bool:
        """Set it aside, if it still waits."""
        ...

    async def adjust(self, wish: Adjustment, who: str, now: datetime) -> bool:
        """Change the balance, if that leaves it at zero or above; False where it does not or the key is used."""
        ...

    async def adjusted(self, key: str) -> tuple[int, Money] | None:
        """Whose balance an adjustment of this key changed by how much; None where there is none."""
        ...


def worth_of(money: ReceivedMoney, chain_rate: Decimal | None, star_rate: Decimal) -> Worth | None:
    """What received money is worth in rubles, a fraction of a kopeck dropped; None where nothing here says so.

    `chain_rate` is rubles for one of its asset, of money that came by the chain.
    """
    if money.chain_asset is not None and chain_rate is not None:
        return Worth(Money.rub_rounded_down(money.amount * chain_rate / money.chain_asset.units), chain_rate)
    match money.asset:
        case "XTR":
            return Worth(Money.rub_rounded_down(money.amount * star_rate))
        case "RUB":
            return Worth(Money(money.amount))
    return None


def worth_as_told(money: ReceivedMoney, amount: Money) -> Worth:
    """What the operator says it is worth; of an asset of the chain, with the rate that comes to.

    Refused with NO_WORTH where the books can't hold that rate: so much for so little is a slip of the hand.
    """
    if money.chain_asset is None:
        return Worth(amount)
    rate = _EXACT.divide(amount.decimal * money.chain_asset.units, Decimal(money.amount))
    if rate >= MOST_RATE:
        raise Refused(Refusal.NO_WORTH)
    return Worth(amount, rate.quantize(_PLACES, ROUND_UP, _EXACT))


class OperatorDesk:
    """The only way by which operators move money; each act is once for ever and in the log."""

    def __init__(self, store: MoneyStore, clock: Clock, who: str) -> None:
        self._store = store
        self._clock = clock
        self._who = who

    async def find(self, reference: str) -> ReceivedMoney:
        """The waiting money of a reference such as `ton:3f9a` or `cryptobot:17`; Refused where there is none."""
        gateway, _, prefix = reference.strip().partition(":")
        found = await self._store.matching(gateway.lower(), prefix) if prefix else ()
        if not found:
            raise Refused(Refusal.UNKNOWN)
        if len(found) > 1 and found[0].key != prefix:
            raise Refused(Refusal.AMBIGUOUS)
        self._must_wait(found[0])
        return found[0]

    async def may_have(self, money: ReceivedMoney, tg_id: int) -> Money:
        """The balance of the account; Refused where it is none, or the money names somebody else's invoice."""
        balance = await self._store.balance(tg_id)
        if balance is None:
            raise Refused(Refusal.NO_ACCOUNT)
        if money.owner not in {None, tg_id}:
            raise Refused(Refusal.OTHERS)
        return balance

    async def assign(self, money: ReceivedMoney, tg_id: int, worth: Worth | None) -> Money:
        """Credit the money to the account, once; its new balance. Of two operators at once one is Refused."""
        await self.may_have(money, tg_id)
        if worth is None or worth.amount <= ZERO:
            raise Refused(Refusal.NO_WORTH)
        if not await self._store.assign(money, tg_id, worth, self._who, self._clock.now()):
            await self._refuse(money)
        return await self._store.balance(tg_id) or ZERO

    async def dismiss(self, money: ReceivedMoney, reason: str) -> None:
        """Set aside what is no customer's money: recorded and kept, and listed no more."""
        if not await self._store.dismiss(money, reason, self._who, self._clock.now()):
            await self._refuse(money)

    async def adjust(self, wish: Adjustment) -> Money:
        """Change a balance by a sum, once for the wish's key; the balance after it. Repeating it changes nothing."""
        balance = await self._store.balance(wish.owner)
        if balance is None:
            raise Refused(Refusal.NO_ACCOUNT)
        if not await self._store.adjust(wish, self._who, self._clock.now()):
            done = await self._store.adjusted(wish.key)
            if done is None:
                raise Refused(Refusal.TOO_LITTLE)
            if done != (wish.owner, wish.amount):
                raise Refused(Refusal.KEY_USED)
        return await self._store.balance(wish.owner) or ZERO

    async def _refuse(self, money: ReceivedMoney) -> None:
        for now_found in await self._store.matching(money.gateway, money.key):
            self._must_wait(now_found)
        raise Refused(Refusal.OTHERS)

    @staticmethod
    def _must_wait(money: ReceivedMoney) -> None:
        if money.is_refunded:
            raise Refused(Refusal.REFUNDED)
        if money.status != "unmatched":
            raise Refused(Refusal(money.status))
