"""Subscription links: one a config, the same wherever the config lives. Knows neither HTTP nor any app."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Protocol

from app.domain.subscription import is_active
from app.services.subscription_records import Profile

if TYPE_CHECKING:
    from datetime import datetime

    from app.services.ports import Clock, PanelUsage
    from app.services.records import Usage
    from app.services.subscription_records import Copy, Subscriber, Visit


class LinkStore(Protocol):
    """Tokens of links, and copies of what was served through them."""

    async def token(self, tg_id: int, config_id: int, now: datetime) -> str:
        """The token of this person's config, issued where there is none yet; NotFound where it is another's or gone."""
        ...

    def opened(self, sealed_token: str) -> str | None:
        """The token as it was sealed; None where the seal is of another key."""
        ...

    async def reissue(self, tg_id: int, config_id: int, now: datetime) -> None:
        """Put a new token in the place of the old one, which ends at once and with it its devices; NotFound."""
        ...

    async def subscriber(self, token: str, mark: str | None = None) -> Subscriber:
        """Whom the token leads to, and whether it knows the device of that mark.

        NotFound where it was never issued, was revoked, or its config is gone.
        """
        ...

    async def keep(self, subscriber: Subscriber, kind: str, profile: Profile, now: datetime) -> None:
        """Keep the profile as the last good one of this kind."""
        ...

    async def copy(self, config_id: int, kind: str) -> Copy | None:
        """The last good profile of this kind."""
        ...


class ProfileSource(Protocol):
    """The panels, as far as profiles go."""

    async def fetch(self, subscriber: Subscriber, visit: Visit) -> Profile | None:
        """What the config's panel gives, or None where it has nothing usable to give within a few seconds."""
        ...


class SubLinks:
    """The use cases around subscription links. `address` is where the web server is reached, without a slash."""

    def __init__(self, store: LinkStore, source: ProfileSource, usage: PanelUsage, clock: Clock, address: str) -> None:
        self._store = store
        self._source = source
        self._usage = usage
        self._clock = clock
        self._address = address

    async def url(self, owner: int, config_id: int, sealed_token: str | None = None) -> str:
        """The link of the person's config; NotFound where it is another's or gone.

        With the sealed token at hand, which came with the config, nothing is asked of the store.
        """
        token = self._store.opened(sealed_token) if sealed_token is not None else None
        return self.url_of(token or await self._store.token(owner, config_id, self._clock.now()))

    def url_of(self, token: str) -> str:
        """The link with this token."""
        return f"{self._address}/sub/{token}"

    async def reissue(self, owner: int, config_id: int) -> None:
        """Give the config a new link; whoever has the old one gets nothing through it any more. NotFound.

        Its devices are forgotten: those that are the customer's come again by the new one.
        """
        await self._store.reissue(owner, config_id, self._clock.now())

    async def subscriber(self, token: str, mark: str | None = None) -> Subscriber:
        """Whom a link leads to, asked for by the device of that mark; NotFound, without saying why."""
        return await self._store.subscriber(token, mark)

    def has_ended(self, subscriber: Subscriber) -> bool:
        """Whether the subscription is over."""
        return not is_active(subscriber.expires_at, self._clock.now())

    def now(self) -> datetime:
        """The instant by which the days left are counted."""
        return self._clock.now()

    async def usage(self, subscriber: Subscriber) -> Usage | None:
        """Its traffic, or None where the panel does not say quickly."""
        if subscriber.instance_id is None:
            return None
        return await self._usage.usage(subscriber.instance_id, subscriber.username)

    async def profile(self, subscriber: Subscriber, visit: Visit) -> Profile | None:
        """What the panel gives this app; else the last good copy, else the bare key; None where there is nothing.

        While the config is paused the panel would give a profile that only says so, which apps keep for hours.
        """
        fresh = None if subscriber.is_paused else await self._source.fetch(subscriber, visit)
        if fresh is not None:
            await self._store.keep(subscriber, visit.kind, fresh, self._clock.now())
            return fresh
        copy = await self._store.copy(subscriber.config_id, visit.kind)
        if copy is not None and copy.instance_id == subscriber.instance_id:
            return copy.profile
        # A config that moved: its key is the new panel's, while the copy still leads to the old one.
        if visit.reads_links and subscriber.link is not None:
            return _bare(subscriber.link)
        return copy.profile if copy is not None else None


def _bare(link: str) -> Profile:
    return Profile(base64.b64encode(link.encode()).decode(), "text/plain", {})
