"""Everything a use case may refuse, as ids and facts. Owns no sentence: the Telegram edge puts these into words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.money import Money


class OrbitError(Exception):
    """A refusal that a person can be told about; `code` names the sentence, `facts` fill it."""

    code = "error.internal"

    @property
    def facts(self) -> dict[str, object]:
        """What the sentence needs, by name."""
        return dict(vars(self))


class NotFound(OrbitError):
    """The thing is not there, or is somebody else's: the answer is the same on purpose."""

    code = "error.not_found"


class Banned(OrbitError):
    """The account may not act."""

    code = "error.banned"


class InsufficientBalance(OrbitError):
    """The wallet holds less than the price."""

    code = "error.insufficient"

    def __init__(self, need: Money, have: Money) -> None:
        super().__init__()
        self.need = need
        self.have = have


class PlanChanged(OrbitError):
    """The plan on the screen is not the plan on sale any more."""

    code = "error.plan_changed"

    def __init__(self, plan_key: str) -> None:
        super().__init__()
        self.plan_key = plan_key


class OfferChanged(OrbitError):
    """The discount on the screen is not the one that waits for this account any more."""

    code = "error.offer_changed"

    def __init__(self, plan_key: str) -> None:
        super().__init__()
        self.plan_key = plan_key


class PromoRefused(OrbitError):
    """A promo code that was not taken; `refusal` is one of promo.Refusal, `opens_at` when it would be taken."""

    def __init__(self, refusal: str, opens_at: datetime | None = None) -> None:
        super().__init__()
        self.code = str(refusal)
        self.opens_at = opens_at


class NoSubscription(OrbitError):
    """There is no time left, so there is nothing to connect with."""

    code = "error.no_subscription"


class TooManyConfigs(OrbitError):
    """The subscription's number of configs is used up."""

    code = "error.too_many_configs"

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit


class InvalidAmount(OrbitError):
    """What was typed is no amount of money within the bounds."""

    code = "error.amount"

    def __init__(self, minimum: Money, maximum: Money) -> None:
        super().__init__()
        self.minimum = minimum
        self.maximum = maximum


class TooManyPayments(OrbitError):
    """Too many unpaid invoices are open at once."""

    code = "error.too_many_payments"


class MethodUnavailable(OrbitError):
    """The payment method is off, or has no trustworthy rate just now."""

    code = "error.method_unavailable"


class TooManyMessages(OrbitError):
    """Support has many messages of this person to read already."""

    code = "error.too_many_messages"


class StorageUnavailable(OrbitError):
    """The database does not answer; nothing was changed."""

    code = "error.storage"


class MalformedAction(OrbitError):
    """A button's data is not one that this version makes: old, or forged."""

    code = "error.stale_button"


class InvalidName(OrbitError):
    """What was typed can't be a config's name: nothing of it is visible, or more than `most` characters are."""

    code = "error.name"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


class LocationGone(OrbitError):
    """No panel in that country can take anybody just now."""

    code = "error.location_gone"


class ConfigOnTheMove(OrbitError):
    """The config is on its way to another panel already."""

    code = "error.on_the_move"
