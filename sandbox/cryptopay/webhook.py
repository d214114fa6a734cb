"""Owns what is brought when an invoice is paid, the true news and a forger's; must not decide what is paid."""

from collections.abc import Mapping

from sandbox.courier import Courier
from sandbox.cryptopay.model import Invoice
from sandbox.cryptopay.signing import TAMPERED, Message, update
from sandbox.cryptopay.till import Till


class Webhook:
    """Brings the news of paid invoices."""

    def __init__(self, till: Till, courier: Courier) -> None:
        self._till = till
        self._courier = courier
        till.listeners.append(self._paid)

    async def deliver(
        self, invoice: Invoice, *, tamper: str = "none", changes: Mapping[str, object], times: int = 1
    ) -> list[int]:
        """Bring the news now, `times` at once, and return the statuses; 0 where nobody answered."""
        return await self._courier.deliver(invoice.id, self._message(invoice, tamper, changes), times)

    def _paid(self, invoice: Invoice) -> None:
        self._courier.send(invoice.id, lambda: self._message(invoice, "none", {}))

    def _message(self, invoice: Invoice, tamper: str, changes: Mapping[str, object]) -> Message:
        return TAMPERED[tamper](self._till.token, update(invoice, self._till.clock.now(), changes))
