"""Configs for their owners: wish for one, look at it, wish it away. The panel follows in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.services.ports import Clock, ConfigStore, PanelUsage
    from app.services.records import Config, ConfigCard, Usage


class Configs:
    """The use cases around a person's configs; everything is filtered by owner."""

    def __init__(self, store: ConfigStore, usage: PanelUsage, clock: Clock, wake: Callable[[str], None]) -> None:
        self._store = store
        self._usage = usage
        self._clock = clock
        self._wake = wake

    async def of(self, owner: int) -> tuple[ConfigCard, ...]:
        """The person's living configs, oldest first."""
        return await self._store.of_owner(owner)

    async def get(self, owner: int, config_id: int) -> Config:
        """One config in full; NotFound where it is another's or gone."""
        return await self._store.get(owner, config_id)

    async def usage(self, config: Config) -> Usage | None:
        """Its traffic, or None where the panel does not say quickly."""
        if config.instance_id is None:
            return None
        return await self._usage.usage(config.instance_id, config.username)

    async def create(self, owner: int, intent: str, message_id: int | None) -> ConfigCard:
        """Record the wish, once for this intent; the message named is edited when the panel has followed.

        Raises NoSubscription, TooManyConfigs, NotFound.
        """
        card = await self._store.request(owner, intent, message_id, self._clock.now())
        self._wake("provisioning")
        return card

    async def leave(self, owner: int, config_id: int) -> None:
        """The message that waited for the config shows something else now."""
        await self._store.detach_message(owner, config_id)

    async def delete(self, owner: int, config_id: int) -> None:
        """Record that it should be gone, here at once and on the panel as soon as it follows. Raises NotFound."""
        await self._store.request_deletion(owner, config_id, self._clock.now())
        self._wake("provisioning")
