"""Commands that give money back, and the list of charges to choose from. Holds no rule."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

import typer

from app.cli.context import with_stores
from app.clock import open_clock
from app.core.bot import make_bot
from app.core.outgoing import OutgoingPolicy
from app.core.stars_desk import BotStarsDesk
from app.domain.errors import NotFound
from app.keyring import open_keyring
from app.repo.bonuses import Bonuses
from app.repo.payments import PaymentRepository
from app.repo.receipts import ReceiptRepository
from app.repo.refunds import RefundRepository
from app.repo.settlement import Settler
from app.repo.stars import StarRepository
from app.repo.user import UserRepository
from app.services.accounts import Accounts
from app.services.receipts import Receipts
from app.services.refunds import Charge, RefundStatus, StarRefunds
from app.services.stars import StarPayments, StarReconciliation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from app.stores import Stores
    from config import Settings

Result = TypeVar("Result")

LISTED = 30
WORDS = {
    RefundStatus.DONE: "The charge {key} is refunded, and the balance it brought is taken back.",
    RefundStatus.OPEN: (
        "Telegram did not answer clearly. The wish is stored: the running bot goes on asking until it is certain."
    ),
    RefundStatus.REFUSED: "Telegram knows of no charge {key} that could be given back. Nothing has changed.",
}


def register(app: typer.Typer) -> None:
    """Add `refund` and `refund stars CHARGE`."""
    group = typer.Typer(help="Give a payment back; without a charge it lists the newest.")
    group.callback(invoke_without_command=True)(listing)
    group.command("stars")(stars)
    app.add_typer(group, name="refund")


def listing(context: typer.Context) -> None:
    """Give a payment back; without a charge it lists the newest."""
    if context.invoked_subcommand is not None:
        return

    async def work(refunds: StarRefunds) -> Sequence[Charge]:
        return await refunds.charges(LISTED)

    charges = _with_refunds(work)
    if not charges:
        print("No charges yet.")
    for charge in charges:
        print(_line(charge))


def stars(charge: str) -> None:
    """Give a charge in Stars back and take what it brought from the balance; what was spent becomes a debt."""

    async def work(refunds: StarRefunds) -> RefundStatus | None:
        try:
            return await refunds.refund(charge)
        except NotFound:
            return None

    status = _with_refunds(work)
    if status is None:
        print(f"There is no charge {charge} in the books.", file=sys.stderr)
        raise typer.Exit(1)
    print(WORDS[status].format(key=charge), file=sys.stdout if status is RefundStatus.DONE else sys.stderr)
    if status is not RefundStatus.DONE:
        raise typer.Exit(1)


def _line(charge: Charge) -> str:
    state = "refunded" if charge.is_refunded else "credited" if charge.credited is not None else "unmatched"
    credited = f"{charge.credited or 0} RUB"
    debt = f", debt {charge.debt} RUB" if charge.debt.kopecks else ""
    who = f"person {charge.owner or '?'}  payment {charge.payment_id or '?'}"
    what = f"{charge.asset_amount} {charge.asset}  {credited}  {state}{debt}"
    return f"{charge.at:%Y-%m-%d %H:%M} UTC  {what}  {who}  {charge.key}"


def _with_refunds(work: Callable[[StarRefunds], Awaitable[Result]]) -> Result:
    async def with_bot(settings: Settings, stores: Stores) -> Result:
        bot = make_bot(settings, OutgoingPolicy())
        try:
            return await work(_refunds(settings, stores, BotStarsDesk(bot, _accounts(settings, stores))))
        finally:
            await bot.session.close()

    return with_stores(with_bot)


def _refunds(settings: Settings, stores: Stores, desk: BotStarsDesk) -> StarRefunds:
    database, cache, clock = stores.database, stores.cache, open_clock(settings.clock_offset_file)
    bonuses = Bonuses(settings.referral_trigger, settings.referral_bonus)
    # The running bot looks for notices by itself: there is nobody to wake here.
    receipts = Receipts(ReceiptRepository(database, cache, bonuses), clock, lambda _job: None)
    store = StarRepository(database, cache)
    payments = PaymentRepository(database, cache, Settler(database, bonuses))
    charges = StarPayments(store, receipts, settings.telegram_stars_rate, clock)
    reconciliation = StarReconciliation(desk, store, charges, payments, clock)
    return StarRefunds(RefundRepository(database, cache), desk, reconciliation, receipts, clock)


def _accounts(settings: Settings, stores: Stores) -> Accounts:
    bonuses = Bonuses(settings.referral_trigger, settings.referral_bonus)
    trial_key = open_keyring(settings).derive("trials")
    users = UserRepository(
        stores.database, stores.cache, ttl=settings.redis_ttl, trial_key=trial_key, bonuses=bonuses
    )
    return Accounts(users, open_clock(settings.clock_offset_file), settings.free_trial_days)
