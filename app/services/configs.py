"""Configs for their owners: wish for one, look at it, wish it away. The panel follows in the background."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.domain.errors import NotFound, TooManyConfigs
from app.domain.names import clean_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.services.locations import Locations
    from app.services.ports import Clock, ConfigStore, PanelUsage
    from app.services.records import Config, ConfigCard, Usage
    from app.services.sublinks import SubLinks

# The message that wished for the config asks for which device it is: that it is ready need not be told.
ASKING = "ask"


class Configs:
    """The use cases around a person's configs; everything is filtered by owner."""

    def __init__(
        self,
        store: ConfigStore,
        usage: PanelUsage,
        clock: Clock,
        wake: Callable[[str], None],
        links: SubLinks | None = None,
        locations: Locations | None = None,
    ) -> None:
        self._store = store
        self._usage = usage
        self._clock = clock
        self._wake = wake
        self._links = links
        self._locations = locations

    async def of(self, owner: int) -> tuple[ConfigCard, ...]:
        """The person's living configs, oldest first."""
        return await self._store.of_owner(owner)

    async def get(self, owner: int, config_id: int) -> Config:
        """One config in full, with its own link where the shop serves links; NotFound where it is another's or gone."""
        config = await self._store.get(owner, config_id)
        if self._locations is not None and config.instance_id is not None and self._locations.offered():
            config = replace(config, can_move=True)
        if self._links is None or config.link is None:
            return config
        return replace(config, public_url=await self._links.url(owner, config_id, config.sealed_token))

    async def reissue_link(self, owner: int, config_id: int) -> None:
        """Give the config a new link, the old one ends; NotFound, also where the shop serves no links."""
        if self._links is None:
            raise NotFound
        await self._links.reissue(owner, config_id)

    async def usage(self, config: Config) -> Usage | None:
        """Its traffic, or None where the panel does not say quickly."""
        if config.instance_id is None:
            return None
        return await self._usage.usage(config.instance_id, config.username)

    async def create(
        self, owner: int, intent: str, message_id: int | None, country: str | None = None
    ) -> ConfigCard:
        """Record the wish, once for this intent; the message named is edited when the panel has followed.

        In that country where it can be. Raises NoSubscription, TooManyConfigs, NotFound.
        """
        card = await self._store.request(owner, intent, message_id, self._clock.now(), country=country)
        self._wake("provisioning")
        return card

    async def first(self, owner: int, intent: str) -> ConfigCard:
        """A config for somebody who has none, made once for this intent, while its message asks what for.

        Who has as many as may be gets the oldest. Raises NoSubscription, NotFound.
        """
        try:
            card = await self._store.request(owner, intent, None, self._clock.now(), guide=ASKING)
        except TooManyConfigs:
            return (await self._store.of_owner(owner))[0]
        self._wake("provisioning")
        return card

    async def peek(self, owner: int, config_id: int) -> Config:
        """One config without its own link; NotFound where it is another's or gone."""
        return await self._store.get(owner, config_id)

    async def guided(self, owner: int, config_id: int, message_id: int | None, system: str) -> Config:
        """The config; where it is still being made, this message becomes the guide for the system afterwards."""
        config = await self.get(owner, config_id)
        if config.link is not None:
            return config
        await self._store.guide(owner, config_id, message_id, system)
        return await self.get(owner, config_id)

    async def rename(self, owner: int, config_id: int, typed: str) -> None:
        """Call the config as was typed, cleaned; InvalidName, NotFound."""
        await self._store.rename(owner, config_id, clean_name(typed))

    async def wait_in(self, owner: int, config_id: int, message_id: int | None) -> None:
        """This message shows that the config is being made, and is to become it."""
        await self._store.attach_message(owner, config_id, message_id)

    async def leave(self, owner: int, config_id: int) -> None:
        """The message that waited for the config shows something else now."""
        await self._store.attach_message(owner, config_id, None)

    async def delete(self, owner: int, config_id: int) -> None:
        """Record that it should be gone, here at once and on the panel as soon as it follows. Raises NotFound."""
        await self._store.request_deletion(owner, config_id, self._clock.now())
        self._wake("provisioning")
