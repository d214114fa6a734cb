"""What a gateway says of itself is what it can do: no more, and no less."""

from __future__ import annotations

import pytest

from app.domain.assets import Asset
from app.payments.gateway.base import BasePaymentGateway
from app.payments.gateway.cryptobot import CryptoBotGateway
from app.payments.gateway.stars import TelegramStarsGateway
from app.payments.gateway.ton import TonGateway
from app.payments.gateway.yookassa import YooKassaGateway
from app.payments.models import PaymentMethod


def bare(kind: type[BasePaymentGateway], **state: object) -> BasePaymentGateway:
    """A gateway without anybody to speak to: enough for what it says of itself."""
    gateway = object.__new__(kind)
    vars(gateway).update(state)
    return gateway


GATEWAYS = (
    bare(TonGateway, _asset=Asset.TON),
    bare(TelegramStarsGateway),
    bare(CryptoBotGateway),
    bare(YooKassaGateway),
    bare(TonGateway, _asset=Asset.USDT),
)
ABILITIES = {
    "open": "can_open",
    "notified": "is_notified",
    "look": "can_look",
    "fetch": "can_fetch",
    "refund": "can_refund",
    "cancel": "can_cancel",
}


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.method.value)
def test_a_gateway_says_just_what_it_implements(gateway: BasePaymentGateway) -> None:
    said = gateway.descriptor
    implemented = {ability: method in vars(type(gateway)) for method, ability in ABILITIES.items()}
    assert {ability: getattr(said, ability) for ability in ABILITIES.values()} == implemented
    # Whether a refund came about is settled by looking.
    assert said.can_fetch or not said.can_refund


def test_every_method_has_its_gateway() -> None:
    assert {gateway.method for gateway in GATEWAYS} == set(PaymentMethod)
