"""The seam holds a gateway that can do next to nothing: no invoice, no list, only news that name the customer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from app.clock import SystemClock
from app.domain.errors import MethodUnavailable
from app.domain.money import Money
from app.payments.desk import NotificationDesk
from app.payments.gateway.base import Answer, BasePaymentGateway, Descriptor, NotSupported
from app.payments.manager import PaymentManager
from app.payments.models import PaymentMethod
from app.repo.audit import breaks
from app.repo.bonuses import Bonuses
from app.repo.payments import PaymentRepository
from app.repo.receipts import ReceiptRepository
from app.repo.settlement import Settler
from app.repo.user import UserRepository
from app.services.receipts import Receipts
from app.services.records import Newcomer, PaidEvent
from app.services.reversals import MoneyEvent, RefundedEvent

if TYPE_CHECKING:
    from app.payments.gateway.base import Notification
    from app.repo.db import Database
    from app.utils.redis import Cache

NOW = datetime(2026, 5, 1, tzinfo=UTC)
NINA, STRANGER = 501, 999


class Donations(BasePaymentGateway):
    """As with Tribute: customers pay by themselves, and the news say who did. It borrows YooKassa's account."""

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(PaymentMethod.YOOKASSA, can_open=False, is_notified=True)

    async def notified(self, notification: Notification) -> Answer:
        if notification.headers.get("trbt-signature") != "signed":
            return Answer(401, "unauthorized")
        told = json.loads(notification.body)
        event: MoneyEvent
        if "back" in told:
            event = RefundedEvent(self.method.value, f"back-{told['id']}", told["id"], None, NOW)
        else:
            kopecks = told["kopecks"]
            payer, worth = told["telegram_user_id"], Money(kopecks)
            event = PaidEvent(self.method.value, told["id"], None, None, payer, "RUB", kopecks, worth, NOW)
        return Answer(200, "YES", (event,))


class Shop:
    """The seam around it."""

    def __init__(self, database: Database, cache: Cache) -> None:
        bonuses = Bonuses("first_payment", Decimal(50))
        clock = SystemClock()
        payments = PaymentRepository(database, cache, Settler(database, bonuses))
        self.database = database
        self.users = UserRepository(database, cache, ttl=300, trial_key=b"k", bonuses=bonuses)
        self.manager = PaymentManager([Donations()], payments, clock, timedelta(minutes=10))
        receipts = Receipts(ReceiptRepository(database, cache, bonuses), clock, lambda _job: None)
        self.desk = NotificationDesk(self.manager, receipts)

    async def hears(self, signature: str = "signed", **told: object) -> tuple[int, str]:
        return await self.desk.take("yookassa", json.dumps(told).encode(), {"trbt-signature": signature}, "203.0.113.9")

    async def balance(self) -> Money:
        assert await breaks(self.database) == []
        ((balance,),) = await self.database.run(text("SELECT balance FROM users"))
        return Money.rub(balance)


@pytest.fixture
async def shop(database: Database, cache: Cache) -> Shop:
    shop = Shop(database, cache)
    await shop.users.arrive(Newcomer(NINA, "Nina", None, "ru", None), NOW, 7)
    return shop


async def test_news_that_name_the_customer_credit_him_once_and_are_answered_in_the_providers_own_words(
    shop: Shop,
) -> None:
    for _ in range(3):
        assert await shop.hears(id="d1", kopecks=50_000, telegram_user_id=NINA) == (200, "YES")
    assert await shop.hears(id="d2", kopecks=50_000, telegram_user_id=STRANGER) == (200, "YES")
    assert await shop.hears("forged", id="d3", kopecks=1, telegram_user_id=NINA) == (401, "unauthorized")
    assert await shop.balance() == Money.rub(500)
    rows = await shop.database.run(text("SELECT key, status FROM receipts ORDER BY key"))
    assert [tuple(row) for row in rows] == [("d1", "credited"), ("d2", "unmatched")]


async def test_news_of_money_that_went_back_take_it_once(shop: Shop) -> None:
    await shop.hears(id="d1", kopecks=50_000, telegram_user_id=NINA)
    for _ in range(2):
        assert await shop.hears(id="d1", back=True) == (200, "YES")
    with capture_logs() as lines:
        assert await shop.hears(id="never-came", back=True) == (200, "YES")
    assert [(line["event"], line["charge"]) for line in lines] == [("refund_unmatched", "never-came")]
    assert await shop.balance() == Money.rub(0)


async def test_it_is_offered_to_nobody_and_what_it_can_not_do_is_said(shop: Shop) -> None:
    assert shop.manager.methods == ()
    with pytest.raises(MethodUnavailable):
        await shop.manager.open(NINA, PaymentMethod.YOOKASSA, Money.rub(500))
    gateway = Donations()
    for act in (gateway.look([]), gateway.fetch("d1"), gateway.refund("d1")):
        with pytest.raises(NotSupported):
            await act
