"""Commands that give money back, and the list of charges to choose from. Holds no rule."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from app.cashdesk import CashDesk
from app.cli.context import with_stores
from app.clock import open_clock
from app.core.bot import make_bot
from app.core.outgoing import OutgoingPolicy
from app.domain.errors import MethodUnavailable, NotFound
from app.domain.payment import PaymentMethod
from app.keyring import open_keyring
from app.readiness import StartFailed
from app.repo.bonuses import Bonuses
from app.repo.payments import PaymentRepository
from app.repo.receipts import ReceiptRepository
from app.repo.settlement import Settler
from app.repo.user import UserRepository
from app.services.accounts import Accounts
from app.services.refunds import Charge, RefundDesk, RefundStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from app.stores import Stores
    from config import Settings

Result = TypeVar("Result")

LISTED = 30
WORDS = {
    RefundStatus.DONE: "The charge {key} is refunded, and the balance it brought is taken back.",
    RefundStatus.OPEN: (
        "{gateway} did not answer clearly, or is still at it. The wish is stored: the running bot goes on asking until"
        " it is certain."
    ),
    RefundStatus.REFUSED: "{gateway} did not give the charge {key} back. Nothing has changed.",
}
UNABLE = {
    PaymentMethod.TON: "The chain gives nothing back by itself: send the coins to who paid, from your wallet.",
    PaymentMethod.CRYPTOBOT: "Crypto Pay knows no refunds: send the coins to who paid, from @CryptoBot.",
    PaymentMethod.YOOKASSA: "YooKassa is off: set YOOKASSA_SHOP_ID and YOOKASSA_SECRET_KEY.",
}
Gateway = Annotated[PaymentMethod | None, typer.Argument(help="Whose charge: stars or yookassa.")]
ChargeKey = Annotated[str | None, typer.Argument(metavar="CHARGE", help="Its id, as the list shows it.")]


def register(app: typer.Typer) -> None:
    """Add `refund`, `refund GATEWAY` and `refund GATEWAY CHARGE`."""
    app.command()(refund)


def refund(gateway: Gateway = None, charge: ChargeKey = None) -> None:
    """Give a charge back; without one, list the newest.

    What it brought is taken from the balance; what of that was spent already becomes a debt.
    """
    if gateway is None or charge is None:
        _list(gateway)
    else:
        _give_back(gateway, charge)


def _list(gateway: PaymentMethod | None) -> None:
    async def work(refunds: RefundDesk) -> Sequence[Charge]:
        return await refunds.charges(LISTED, gateway.value if gateway else None)

    charges = _with_refunds(work)
    if not charges:
        print("No charges yet.")
    for charge in charges:
        print(_line(charge))


def _give_back(gateway: PaymentMethod, key: str) -> None:
    async def work(refunds: RefundDesk) -> RefundStatus | str:
        try:
            return await refunds.refund(gateway.value, key)
        except NotFound:
            return f"There is no charge {key} in the books."
        except MethodUnavailable:
            return UNABLE[gateway]

    outcome = _with_refunds(work)
    if outcome is RefundStatus.DONE:
        print(WORDS[outcome].format(key=key))
        return
    words = WORDS[outcome] if isinstance(outcome, RefundStatus) else outcome
    print(words.format(key=key, gateway=gateway.value), file=sys.stderr)
    raise typer.Exit(1)


def _line(charge: Charge) -> str:
    credited = f"{charge.credited or 0} RUB"
    debt = f", debt {charge.debt} RUB" if charge.debt.kopecks else ""
    who = f"person {charge.owner or '?'}  payment {charge.payment_id or '?'}"
    what = f"{charge.asset_amount} {charge.asset}  {credited}  {_state(charge)}{debt}"
    return f"{charge.at:%Y-%m-%d %H:%M} UTC  {charge.gateway}  {what}  {who}  {charge.key}"


def _state(charge: Charge) -> str:
    if charge.is_refunded:
        return "refunded"
    state = "credited" if charge.credited is not None else "unmatched"
    return f"{state}, {charge.asset_back} refunded" if charge.asset_back else state


def _with_refunds(work: Callable[[RefundDesk], Awaitable[Result]]) -> Result:
    async def with_gateways(settings: Settings, stores: Stores) -> Result:
        async with AsyncExitStack() as closing:
            return await work(_cash_desk(settings, stores, closing).refunds)

    try:
        return with_stores(with_gateways)
    except StartFailed as problem:
        print(problem, file=sys.stderr)
        raise typer.Exit(2) from None


def _cash_desk(settings: Settings, stores: Stores, closing: AsyncExitStack) -> CashDesk:
    bot = make_bot(settings, OutgoingPolicy())
    closing.push_async_callback(bot.session.close)
    database, cache, clock = stores.database, stores.cache, open_clock(settings.clock_offset_file)
    keyring = open_keyring(settings)
    bonuses = Bonuses(settings.referral_trigger, settings.referral_bonus)
    users = UserRepository(database, cache, ttl=settings.redis_ttl, trial_key=keyring.derive("trials"), bonuses=bonuses)
    accounts = Accounts(users, clock, settings.free_trial_days)
    payments = PaymentRepository(database, cache, Settler(database, bonuses))
    receipts = ReceiptRepository(database, cache, bonuses)
    # The running bot looks for notices by itself: there is nobody to wake here.
    return CashDesk(
        settings, stores, clock, keyring, bot, accounts, users, payments, receipts, lambda _job: None, closing
    )
