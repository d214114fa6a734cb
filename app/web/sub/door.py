"""The door at /sub/{token}: lets in, limits, and answers apps with a profile and people with a page."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.domain.addresses import neighbourhood
from app.domain.apps import BY_KEY, SYSTEMS, system_of
from app.domain.errors import NotFound, StorageUnavailable
from app.locales.locales import TRANSLATORS, translator
from app.services.devices import Admission
from app.web.sub import page
from app.web.sub.clients import client_of, is_person, passed_on, visit_of
from app.web.sub.devices import ACTIVE, device_headers, device_of, refusal
from app.web.sub.page import Shown, language_wished
from app.web.sub.throttle import Throttle
from app.web.sub.told import encoded, told

if TYPE_CHECKING:
    from starlette.requests import Request

    from app.services.devices import Devices
    from app.services.sublinks import SubLinks
    from app.services.subscription_records import Profile, Subscriber
    from app.web.sub.clients import Client

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
# One address may stand for a whole mobile network, one link for a family that tries every app.
ADDRESS_MS, ADDRESS_BURST = 200, 150
LINK_MS, LINK_BURST = 2_000, 30
RETRY_SECONDS = 30
# After the end an app should come back soon: the customer has just renewed, perhaps.
ENDED_UPDATE_HOURS = 1
PRIVATE = {"cache-control": "private, no-cache", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where people are sent from here: the bot and its support, as far as they are known."""

    bot: str = ""
    support: str | None = None


class SubscriptionDoor:
    """GET /sub/{token} and /sub/{token}/{format}. Unknown, revoked and deleted links are answered alike."""

    def __init__(self, links: SubLinks, devices: Devices, desk: Desk) -> None:
        self.desk = desk
        self._links = links
        self._devices = devices
        self._addresses = Throttle(ADDRESS_MS, ADDRESS_BURST)
        self._visits = Throttle(LINK_MS, LINK_BURST)

    @property
    def routes(self) -> list[Route]:
        """Its places in the web application; HEAD comes with GET."""
        return [
            Route("/sub/{token}", self.__call__, methods=["GET"]),
            Route("/sub/{token}/", self.__call__, methods=["GET"]),
            Route("/sub/{token}/{format}", self.__call__, methods=["GET"]),
        ]

    async def __call__(self, request: Request) -> Response:
        """Let in, and answer; 503 while nothing can be had, so that the app keeps what it has."""
        wait = self._addresses.wait_seconds(neighbourhood(request.client.host if request.client else None))
        if wait:
            return _later(429, wait)
        try:
            return await self._admitted(request)
        except NotFound:
            return self._gone(request)
        except StorageUnavailable:
            return _later(503, RETRY_SECONDS)

    async def _admitted(self, request: Request) -> Response:
        token = request.path_params["token"]
        if not TOKEN.fullmatch(token):
            raise NotFound
        form = request.path_params.get("format")
        agent = passed_on(request.headers, "user-agent")
        client = client_of(agent, form)
        device = device_of(request.headers, client, agent)
        subscriber = await self._links.subscriber(token, self._devices.mark_of(device))
        wait = self._visits.wait_seconds(subscriber.config_id)
        if wait:
            return _later(429, wait)
        if is_person(client, request.headers):
            return await self._page(request, token, subscriber)
        if self._links.has_ended(subscriber):
            return self._ended(subscriber, client)
        admission = await self._devices.admit(subscriber, device)
        if admission is not Admission.ADMITTED:
            return self._refused(subscriber, client, admission)
        visit = visit_of(client, agent, form, device_headers(request.headers))
        profile = await self._links.profile(subscriber, visit)
        return _later(503, RETRY_SECONDS) if profile is None else self._profile(request, token, profile)

    def _profile(self, request: Request, token: str, profile: Profile) -> Response:
        # The panel names itself as the profile's page; ours is here.
        headers = profile.headers | PRIVATE | ACTIVE | {"profile-web-page-url": self._links.url_of(token)}
        tag = f'"{hashlib.sha256(profile.body.encode()).hexdigest()[:32]}"'
        headers["etag"] = tag
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(profile.body, media_type=profile.media_type, headers=headers)

    def _ended(self, subscriber: Subscriber, client: Client) -> Response:
        t = translator(subscriber.language)
        body, media_type = told(client.format, t.plain("sub.ended_server"))
        ended_at = int(subscriber.expires_at.timestamp())
        headers = {
            **PRIVATE,
            "subscription-userinfo": f"upload=0; download=0; total=0; expire={ended_at}",
            "profile-title": encoded(t.plain("sub.ended_profile")),
            "announce": encoded(t.plain("sub.ended_announce")),
            "profile-update-interval": str(ENDED_UPDATE_HOURS),
        }
        return self._telling(body, media_type, headers)

    def _refused(self, subscriber: Subscriber, client: Client, admission: Admission) -> Response:
        t = translator(subscriber.language)
        body, media_type, headers = refusal(t, client, admission, subscriber, self._devices.most)
        return self._telling(body, media_type, {**PRIVATE, **headers})

    def _telling(self, body: str, media_type: str, headers: dict[str, str]) -> Response:
        if self.desk.bot:
            headers["support-url"] = f"https://t.me/{self.desk.bot}"
        return Response(body, media_type=media_type, headers=headers)

    async def _page(self, request: Request, token: str, subscriber: Subscriber) -> Response:
        ended = self._links.has_ended(subscriber)
        shown = Shown(
            subscriber=subscriber,
            usage=None if ended else await self._links.usage(subscriber),
            places=None if ended else (await self._devices.taken(subscriber.config_id), self._devices.most),
            url=self._links.url_of(token),
            now=self._links.now(),
            system=_system(request),
            opening=BY_KEY.get(request.query_params.get("open", "")),
            bot=self.desk.bot,
            support=self.desk.support,
        )
        return page.show(translator(_language(request) or subscriber.language), shown)

    def _gone(self, request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return page.gone(translator(_language(request)), self.desk.bot)
        return PlainTextResponse("not found", 404, headers=PRIVATE)


def _system(request: Request) -> str:
    """The device that was chosen in the bot, else the one that asks."""
    chosen = request.query_params.get("on", "")
    return chosen if chosen in SYSTEMS else system_of(request.headers.get("user-agent", ""))


def _language(request: Request) -> str | None:
    """What the visitor has pressed, else what the browser asks for; None where it is neither of ours."""
    pressed = request.query_params.get("lang", "")
    return pressed if pressed in TRANSLATORS else language_wished(request.headers.get("accept-language", ""))


def _later(status: int, seconds: int) -> Response:
    return PlainTextResponse("try again later", status, headers={**PRIVATE, "retry-after": str(seconds)})
