"""What a gateway says of itself is what it can do: no more, and no less."""

from __future__ import annotations

import pytest

from app.payments.gateway.base import BasePaymentGateway, Descriptor
from app.payments.gateway.cryptobot import CryptoBotGateway
from app.payments.gateway.stars import TelegramStarsGateway
from app.payments.gateway.ton import TonGateway
from app.payments.gateway.yookassa import YooKassaGateway
from app.payments.models import PaymentMethod

GATEWAYS: tuple[type[BasePaymentGateway], ...] = (TonGateway, TelegramStarsGateway, CryptoBotGateway, YooKassaGateway)
ABILITIES = {
    "open": "can_open",
    "notified": "is_notified",
    "look": "can_look",
    "fetch": "can_fetch",
    "refund": "can_refund",
    "cancel": "can_cancel",
}


def said_by(gateway: type[BasePaymentGateway]) -> Descriptor:
    descriptor = object.__new__(gateway).descriptor
    assert isinstance(descriptor, Descriptor)
    return descriptor


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_gateway_says_just_what_it_implements(gateway: type[BasePaymentGateway]) -> None:
    said = said_by(gateway)
    implemented = {ability: method in vars(gateway) for method, ability in ABILITIES.items()}
    assert {ability: getattr(said, ability) for ability in ABILITIES.values()} == implemented
    # Whether a refund came about is settled by looking.
    assert said.can_fetch or not said.can_refund


def test_every_method_has_its_gateway() -> None:
    assert [said_by(gateway).method for gateway in GATEWAYS] == list(PaymentMethod)
