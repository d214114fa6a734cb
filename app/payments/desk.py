"""Where notifications and reconciliation meet the gateways. Judges nothing itself, touches no balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.payments.gateway.base import GatewayUnavailable, Notification
from app.services.receipts import ProviderSilent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.payments.gateway.base import BasePaymentGateway
    from app.payments.manager import PaymentManager
    from app.services.receipts import Receipts
    from app.services.records import Payment
    from app.services.reversals import MoneyEvent


class NotificationDesk:
    """Takes what providers bring; implements web.payments.Desk."""

    def __init__(self, manager: PaymentManager, receipts: Receipts) -> None:
        self._manager = manager
        self._receipts = receipts

    async def take(self, gateway: str, body: bytes, headers: Mapping[str, str], address: str | None) -> tuple[int, str]:
        """Book what the notification proves, then answer as the gateway says; 404 where it takes none."""
        found = self._manager.gateway(gateway)
        if found is None or not found.descriptor.is_notified:
            return 404, "not found"
        answer = await found.notified(Notification(body, headers, address))
        await self._receipts.record(answer.events)
        return answer.status, answer.text


class GatewayProvider:
    """A gateway as reconciliation asks it; implements services.receipts.Provider."""

    def __init__(self, gateway: BasePaymentGateway) -> None:
        self._gateway = gateway

    @property
    def name(self) -> str:
        """Its method's name."""
        return self._gateway.method.value

    async def look(self, open_payments: Sequence[Payment]) -> Sequence[MoneyEvent]:
        """Money that came or went back; ProviderSilent where the gateway can't tell."""
        try:
            return await self._gateway.look(open_payments)
        except GatewayUnavailable as problem:
            raise ProviderSilent(str(problem)) from None


class GatewayRefunder:
    """A gateway as refunds ask it; implements services.refunds.Refunder."""

    def __init__(self, gateway: BasePaymentGateway) -> None:
        self._gateway = gateway

    @property
    def name(self) -> str:
        """Its method's name."""
        return self._gateway.method.value

    async def look(self, key: str) -> Sequence[MoneyEvent]:
        """What the provider knows of the charge; ProviderSilent."""
        try:
            return await self._gateway.fetch(key)
        except GatewayUnavailable as problem:
            raise ProviderSilent(str(problem)) from None

    async def refund(self, key: str, _payer: int | None) -> Sequence[MoneyEvent]:
        """Give the charge back; ProviderSilent, RefundRefused."""
        try:
            return await self._gateway.refund(key)
        except GatewayUnavailable as problem:
            raise ProviderSilent(str(problem)) from None
