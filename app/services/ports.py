"""What the use cases need of the outside, as protocols. Implemented in repo, panels, payments and core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime, timedelta

    from app.domain.assets import Asset
    from app.domain.money import Money
    from app.domain.plans import Plan
    from app.services.chain import ChainCursor, IncomingTransfer, Scan, Settlement
    from app.services.records import (
        Account,
        Arrival,
        Booked,
        Config,
        ConfigCard,
        ConfigJob,
        Newcomer,
        NewPayment,
        Notice,
        PaidEvent,
        PanelAccess,
        Payment,
        Purchase,
        Rate,
        Usage,
    )
    from app.services.reversals import RefundedEvent


class Clock(Protocol):
    """The only source of time for rules."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        ...


class AccountStore(Protocol):
    """Accounts in PostgreSQL, with a cache that serves screens only."""

    async def arrive(self, newcomer: Newcomer, now: datetime, trial_days: int) -> Arrival:
        """Make the account where it is new, with its trial once for ever; one statement, safe to repeat."""
        ...

    async def glance(self, tg_id: int) -> Account | None:
        """The account for display, from the cache where it is warm."""
        ...

    async def refresh(self, tg_id: int, generation: str) -> Account | None:
        """The account from the database, cached unless it changed since `generation` was seen."""
        ...

    async def set_language(self, tg_id: int, language: str) -> None:
        """Remember the language; drops the cached profile."""
        ...

    async def mark_gone(self, tg_id: int, at: datetime | None) -> None:
        """Remember that the person blocked the bot at `at`, or came back (None)."""
        ...

    async def referrals(self, tg_id: int) -> tuple[int, int, Money]:
        """How many were invited, how many of them paid, and the rubles earned."""
        ...


class ShopStore(Protocol):
    """The one place that spends."""

    async def buy(self, tg_id: int, plan: Plan, intent: str, now: datetime, *, use_id: int = 0) -> Purchase:
        """Debit, ledger, purchase, new end and the wish to move all configs, in one statement.

        `use_id` names the promo code's use whose discount was shown. The same intent again returns the purchase it
        made, and changes nothing. Raises OfferChanged where another discount waits, InsufficientBalance, Banned,
        NotFound.
        """
        ...


class InvoiceStore(Protocol):
    """Invoices as they are opened, issued and closed."""

    async def open(self, payment: NewPayment, most_open: int) -> Payment:
        """Store an invoice; TooManyPayments where `most_open` are pending, Banned, NotFound."""
        ...

    async def issued(self, payment_id: int, external_id: str | None, pay_url: str) -> None:
        """Store what the provider calls the invoice and where it is paid."""
        ...

    async def cancel(self, tg_id: int, payment_id: int) -> None:
        """Fail a pending payment of this person as cancelled; money that comes later is still credited."""
        ...


class PaymentStore(Protocol):
    """Payments for their owners and for what providers say of them."""

    async def of_owner(self, tg_id: int, payment_id: int) -> Payment:
        """The payment, if it is this person's; else NotFound."""
        ...

    async def cancel(self, tg_id: int, payment_id: int) -> None:
        """Fail a pending payment of this person as cancelled; money that comes later is still credited."""
        ...

    async def attach_message(self, payment_id: int, message_id: int) -> None:
        """Remember which message shows the invoice, so that news can be edited into it."""
        ...

    async def pending(self, method: str, since: datetime, limit: int) -> list[Payment]:
        """Unpaid invoices of a method, newest first: all that are pending, and those made after `since` that failed."""
        ...

    async def by_id(self, payment_id: int) -> Payment | None:
        """A payment whoever's it is, for what the provider says of it."""
        ...

    async def expire(self, method: str, before: datetime, now: datetime) -> int:
        """Fail pending invoices of a method whose deadline was before `before`, and have it told; how many."""
        ...


class ChainStore(Protocol):
    """A wallet's history and what it settles."""

    async def cursor(self, account: str) -> ChainCursor:
        """How far this wallet's history is stored."""
        ...

    async def settle(
        self, account: str, transfers: Sequence[IncomingTransfer], late_rate: Rate, now: datetime
    ) -> Settlement:
        """Store a page of history, credit what matches, queue what doesn't, move the cursor: one transaction.

        A late transfer is worth what was noted for its own minute, and `late_rate` where nothing was.
        """
        ...

    async def scanned(self, account: str, method: str, wallet: str, now: datetime) -> Scan:
        """Note a complete scan of `account` begun at `now`; fail what it shows to be unpaid in time to `wallet`."""
        ...


class StalePayments(Protocol):
    """Rows that never were paid."""

    async def drop_stale(self, before: datetime, batch: int) -> int:
        """Delete up to `batch` failed, never paid rows made before `before`; how many."""
        ...


class ReceiptStore(Protocol):
    """Money events of gateways, each booked once."""

    async def credit(self, event: PaidEvent, now: datetime) -> Booked | None:
        """Credit what the event brought, once for its key; None where it was known already."""
        ...

    async def refund(self, event: RefundedEvent, now: datetime) -> Booked | None:
        """Take back what went back, once for its key; None where nothing is left of the charge, NotFound without it."""
        ...


class ConfigStore(Protocol):
    """Configs as their owners see them; every read and write is filtered by owner."""

    async def of_owner(self, tg_id: int) -> tuple[ConfigCard, ...]:
        """The person's living configs, oldest first, from the database."""
        ...

    async def get(self, tg_id: int, config_id: int) -> Config:
        """The config in full; NotFound where it is another's or gone."""
        ...

    async def request(
        self,
        tg_id: int,
        intent: str,
        message_id: int | None,
        now: datetime,
        *,
        country: str | None = None,
        guide: str | None = None,
    ) -> ConfigCard:
        """Record that a config should exist; the same intent again returns it. NoSubscription, TooManyConfigs."""
        ...

    async def guide(self, tg_id: int, config_id: int, message_id: int | None, system: str | None) -> None:
        """Which message is to become the guide for a system once the config is made."""
        ...

    async def rename(self, tg_id: int, config_id: int, name: str) -> None:
        """Call the config so; NotFound where it is another's or gone."""
        ...

    async def attach_message(self, tg_id: int, config_id: int, message_id: int | None) -> None:
        """Which message waits for this config, or that none does; nothing happens where it is another's."""
        ...

    async def request_deletion(self, tg_id: int, config_id: int, now: datetime) -> None:
        """Record that a config should be gone; NotFound where it is another's."""
        ...


class ProvisioningStore(Protocol):
    """The queue between what should be and what the panels have."""

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[ConfigJob]:
        """Lease up to `limit` due jobs; two workers never hold the same one within the lease."""
        ...

    async def assign(self, job: ConfigJob, instance_id: str | None) -> bool:
        """Commit where the config will be made, before any call; False when the job moved on meanwhile.

        False too where a user of the config has to go from there first, which then happens without more delay.
        """
        ...

    async def give_up(self, job: ConfigJob, now: datetime, at: datetime) -> bool:
        """Take the config from its panel, where its user is looked for and removed at `at`; False as for `assign`."""
        ...

    async def created(self, job: ConfigJob, subscription_url: str, link: str, now: datetime) -> None:
        """Store the links, queue the owner's notice; more work stays due if the wish changed meanwhile."""
        ...

    async def synced(self, job: ConfigJob) -> None:
        """The panel has the expiry of `job`."""
        ...

    async def deleted(self, job: ConfigJob, now: datetime) -> None:
        """The panel has no such user any more; the row stays as a tombstone."""
        ...

    async def retry(self, job: ConfigJob, now: datetime, at: datetime, error: str) -> None:
        """Try again at `at`; `error` is for the operator and holds no secret. Who waits long is told so, once."""
        ...


class PanelStore(Protocol):
    """The table of panels."""

    async def active(self) -> list[PanelAccess]:
        """All active panels with open passwords; seals those that are still plain."""
        ...

    async def get(self, instance_id: str) -> PanelAccess | None:
        """One panel, active or not."""
        ...


class PanelUsage(Protocol):
    """What a panel can say of one user."""

    async def usage(self, instance_id: str, username: str) -> Usage | None:
        """Traffic, or None where the panel does not say within a short deadline."""
        ...


class NoticeStore(Protocol):
    """Notices that were promised in the transaction that made them due."""

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[Notice]:
        """Lease up to `limit` unsent notices."""
        ...

    async def sent(self, notice_id: int, now: datetime) -> None:
        """The notice was delivered, or can never be."""
        ...

    async def retry(self, notice_id: int, at: datetime) -> None:
        """Deliver again at `at`."""
        ...


class Rates(Protocol):
    """What assets are worth."""

    async def of(self, asset: Asset) -> Rate:
        """Rubles for one; the constant, marked so, where no source answers well."""
        ...


class LateRates(Rates, Protocol):
    """What assets are worth, and were."""

    async def cover(self, asset: Asset, since: datetime, until: datetime) -> None:
        """Have a rate noted for the time between, as far as one can be learned; never fails."""
        ...


class RateHistory(Protocol):
    """What assets were worth, by the minute."""

    async def note(self, asset: Asset, rates: Sequence[Rate]) -> None:
        """Keep rates of an asset, the first of each minute."""
        ...

    async def hole(
        self, asset: Asset, since: datetime, until: datetime, near: timedelta
    ) -> tuple[datetime, datetime] | None:
        """The longest stretch between two moments that has no rate for `near` or longer; None where there is none."""
        ...

    async def prune(self, before: datetime) -> int:
        """Forget what was noted before `before`; how many rows."""
        ...


class ChainSource(Protocol):
    """The history of an account that takes one asset for a wallet: the wallet itself, or its jetton wallet."""

    @property
    def account(self) -> str:
        """The account in raw form, lower case."""
        ...

    @property
    def wallet(self) -> str:
        """The wallet that people pay to, in the same form."""
        ...

    @property
    def asset(self) -> Asset:
        """What comes in there."""
        ...

    def since(self, lt: int) -> AsyncIterator[list[IncomingTransfer]]:
        """All transactions after `lt` in pages, in order of logical time; raises ChainUnavailable."""
        ...


class ChainUnavailable(Exception):
    """The chain's index does not answer usefully; nothing may be concluded from that."""
