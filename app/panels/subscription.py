"""Owns what a panel gives a client app through a subscription link. Must not keep copies or know who asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from app.panels.gate import SPARED, PanelGate
from app.panels.port import PanelBadAnswer, PanelError, PanelInvalid, PanelUnavailable, PanelUserNotFound
from app.services.subscription_records import Profile

if TYPE_CHECKING:
    from app.panels.clients import PanelClients
    from app.panels.port import Panel
    from app.repo.panel_sub import PanelProfile, SubscriptionHttp
    from app.services.ports import Clock, PanelStore
    from app.services.records import PanelAccess
    from app.services.subscription_records import Subscriber, Visit

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 5
MOST_HEADER = 1024
# What apps read; everything else, such as cookies and what belongs to the connection, stays here.
PASSED_ON = frozenset(
    {
        "announce",
        "announce-url",
        "content-disposition",
        "profile-title",
        "profile-update-interval",
        "routing",
        "subscription-userinfo",
        "support-url",
    }
)
MEDIA_TYPES = frozenset(
    {
        "application/json",
        "application/octet-stream",
        "application/x-yaml",
        "application/yaml",
        "text/plain",
        "text/x-yaml",
        "text/yaml",
    }
)


class PanelSubscriptions:
    """Fetches profiles. Implements services.sublinks.ProfileSource.

    It has breakers of its own: a panel whose subscriptions fail may still take users, and the other way round.
    """

    def __init__(self, panels: PanelStore, clients: PanelClients, http: SubscriptionHttp, clock: Clock) -> None:
        self._panels = panels
        self._gate = PanelGate(clients, clock)
        self._http = http

    async def fetch(self, subscriber: Subscriber, visit: Visit) -> Profile | None:
        """What the config's panel gives, or None where it has nothing usable to give within 5 s."""
        access = await self._panels.get(subscriber.instance_id) if subscriber.instance_id else None
        if access is None or subscriber.subscription_url is None:
            return None
        try:
            return await self._gate.call(access, lambda client: self._in_time(access, client, subscriber, visit))
        except PanelError as error:
            # While a panel is spared every app would be a line: the failures that opened the breaker have told already.
            if error.reason != SPARED:
                facts = {"instance_id": access.instance_id, "config_id": subscriber.config_id}
                log.warning("subscription_not_fresh", **facts, reason=error.reason)
            return None

    async def _in_time(self, access: PanelAccess, client: Panel, subscriber: Subscriber, visit: Visit) -> Profile:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._found(access, client, subscriber, visit)
        except TimeoutError:
            raise PanelUnavailable(access.instance_id, f"no profile within {ANSWER_SECONDS} s") from None

    async def _found(self, access: PanelAccess, client: Panel, subscriber: Subscriber, visit: Visit) -> Profile:
        try:
            return await self._given(access, client, subscriber, visit)
        except PanelUserNotFound:
            # The panel's own link ends when somebody renews it there, or makes the user again; ours does not.
            user = await client.get_user(subscriber.username)
            if user is None:
                raise
            found = replace(subscriber, subscription_url=user.subscription_url)
            return await self._given(access, client, found, visit)

    async def _given(self, access: PanelAccess, client: Panel, subscriber: Subscriber, visit: Visit) -> Profile:
        url = subscriber.subscription_url or ""
        form = None if visit.format is None else client.format_name(visit.format)
        device = visit.device if client.capabilities.native_device_limit else {}
        try:
            given = await self._http.get(access, url, visit.agent, form, device)
        except PanelInvalid:
            if not device:
                raise
            # The shop has let it in already: places that were made free there are still taken here.
            given = await self._http.get(access, url, visit.agent, form)
        return checked(access.instance_id, given)


def checked(instance_id: str, given: PanelProfile) -> Profile:
    """The answer as a profile with the headers that may be passed on; PanelBadAnswer where it is no profile.

    A page of whatever stands before the panel comes with status 200 too, and must not replace a good copy.
    """
    if given.media_type not in MEDIA_TYPES:
        raise PanelBadAnswer(instance_id, "its media type is no profile's")
    try:
        body = given.body.decode()
    except UnicodeDecodeError:
        raise PanelBadAnswer(instance_id, "the profile is no text") from None
    if not body.strip() or "\0" in body:
        raise PanelBadAnswer(instance_id, "the profile is empty or no text")
    headers = {name: value for name, value in given.headers.items() if name in PASSED_ON and _is_plain(value)}
    return Profile(body, given.media_type, headers)


def _is_plain(value: str) -> bool:
    return 0 < len(value) <= MOST_HEADER and value.isascii() and value.isprintable()
