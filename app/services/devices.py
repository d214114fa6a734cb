"""Devices that a config's subscription link was added to: let in up to a number, listed, let go. Knows no header."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from app.services.ports import Clock
    from app.services.subscription_records import Subscriber

# That a device still asks is written down only this often.
NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SeenDevice:
    """What an app says of itself and its device; `hwid` None where it names no device. `kind` is the kind of app.

    What it says is taken on trust: whoever wants to can name another device each time.
    """

    kind: str
    app: str
    hwid: str | None = field(default=None, repr=False)
    model: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """A device as its owner sees it; one that is not `is_counted` is an app that names no device."""

    id: int
    is_counted: bool
    app: str
    model: str
    system: str
    seen_at: datetime


class Admission(Enum):
    """What becomes of a device that asks for a profile."""

    ADMITTED = auto()
    FULL = auto()
    UNNAMED = auto()


@dataclass(frozen=True, slots=True)
class DeviceRules:
    """How many devices a config may have, and when one is forgotten; `key` is what marks are made with."""

    key: bytes = field(repr=False)
    most: int
    forget_after: timedelta
    requires_hwid: bool = False


class DeviceStore(Protocol):
    """Devices by config."""

    async def admit(self, config_id: int, mark: str, device: SeenDevice, most: int, span: Span) -> bool:
        """Note a device that is known, or new where fewer than `most` are; False where there is no place. NotFound.

        However many ask at once, no more than `most` are ever let in.
        """
        ...

    async def of_config(self, tg_id: int, config_id: int, since: datetime) -> tuple[str, tuple[DeviceCard, ...]]:
        """The config's name, and its devices that were seen since then, the counted ones first.

        NotFound where the config is another's or gone.
        """
        ...

    async def counted(self, config_id: int, since: datetime) -> int:
        """How many places are taken by devices that were seen since then."""
        ...

    async def remove(self, tg_id: int, config_id: int, device_id: int) -> None:
        """Forget a device of this person's config; NotFound where it is another's or gone."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """The present, and the instant before which a device that was last seen then is forgotten."""

    now: datetime
    since: datetime


class Devices:
    """The use cases around devices."""

    def __init__(self, store: DeviceStore, clock: Clock, rules: DeviceRules) -> None:
        self.most = rules.most
        self._store = store
        self._clock = clock
        self._rules = rules

    def mark_of(self, device: SeenDevice) -> str:
        """By what the device is known again; nobody without our key learns from it what the device calls itself."""
        named = f"app:{device.kind}" if device.hwid is None else f"hwid:{device.hwid}"
        return hmac.new(self._rules.key, named.encode(), hashlib.sha256).hexdigest()

    async def admit(self, subscriber: Subscriber, device: SeenDevice) -> Admission:
        """Whether the device gets the profile; for one that was noted lately nothing is asked of the store."""
        if device.hwid is None and self._rules.requires_hwid:
            return Admission.UNNAMED
        span = self._span()
        seen_at = subscriber.device_seen_at
        if seen_at is not None and span.now - seen_at < NOTED_EVERY:
            return Admission.ADMITTED
        mark = self.mark_of(device)
        is_let_in = await self._store.admit(subscriber.config_id, mark, device, self._rules.most, span)
        return Admission.ADMITTED if is_let_in else Admission.FULL

    async def of(self, owner: int, config_id: int) -> tuple[str, tuple[DeviceCard, ...]]:
        """The name of the person's config, and its devices, the counted ones first; NotFound where it is another's."""
        return await self._store.of_config(owner, config_id, self._span().since)

    async def taken(self, config_id: int) -> int:
        """How many places are taken."""
        return await self._store.counted(config_id, self._span().since)

    async def remove(self, owner: int, config_id: int, device_id: int) -> None:
        """Give the device's place free; NotFound where it is another's or gone."""
        await self._store.remove(owner, config_id, device_id)

    def _span(self) -> Span:
        now = self._clock.now()
        return Span(now, now - self._rules.forget_after)
