"""Panels over TLS on loopback: whom the client believes, row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from app.panels.clients import PanelClients, warn_of_exceptions
from app.panels.port import PanelUnavailable, PanelUserNotFound
from app.repo.panel_sub import SubscriptionHttp
from app.services.records import PanelAccess, TlsMode
from sandbox.clock import SandboxClock
from sandbox.marzban import Panel, create_app
from tests.support.certificates import LOOPBACK, Certificate, authority, certificate
from tests.support.panels import PASSWORD, repository

if TYPE_CHECKING:
    from pathlib import Path

    from app.utils.redis import Cache

Serve = Callable[[Certificate], Awaitable[PanelAccess]]
# To delete somebody who is not there is one login and one call, and none of them is repeated.
NOBODY = "orbit_1"
UNTRUSTED = "its TLS certificate is not trusted"


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Starts a panel that shows a certificate, and gives the row that leads to it."""
    async with AsyncExitStack() as stack:

        async def started(shown: Certificate) -> PanelAccess:
            runner = web.AppRunner(create_app(Panel(SandboxClock(), "s001", "admin", PASSWORD)), access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, LOOPBACK, 0, ssl_context=shown.server_context(tmp_path)).start()
            url = f"https://{LOOPBACK}:{runner.addresses[0][1]}/"
            return PanelAccess("s001", "s001", url, "admin", PASSWORD, 100, frozenset())

        yield started


@pytest.fixture
async def clients(cache: Cache) -> AsyncIterator[PanelClients]:
    pool = PanelClients(repository(cache), SandboxClock(), 2, allow_private=True)
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
def ours() -> Certificate:
    return authority()


def row(access: PanelAccess, *, tls: TlsMode = TlsMode.VERIFY, ca: str | None = None, key: str = "") -> PanelAccess:
    return PanelAccess(
        key or access.instance_id, "", access.base_url, "admin", PASSWORD, 100, frozenset(), tls=tls, ca_pem=ca
    )


async def test_a_certificate_of_nobody_known_is_refused(serve: Serve, clients: PanelClients, ours: Certificate) -> None:
    access = await serve(certificate(ours))
    with pytest.raises(PanelUnavailable, match=UNTRUSTED):
        await clients.for_instance(access).delete_user(NOBODY)


async def test_the_authority_of_the_row_is_trusted_for_that_panel_alone(
    serve: Serve, clients: PanelClients, ours: Certificate
) -> None:
    access = await serve(certificate(ours))
    await clients.for_instance(row(access, ca=ours.pem)).delete_user(NOBODY)
    with pytest.raises(PanelUnavailable, match=UNTRUSTED):
        await clients.for_instance(row(access, key="s002")).delete_user(NOBODY)


async def test_the_panels_own_certificate_may_be_trusted_by_itself(
    serve: Serve, clients: PanelClients, ours: Certificate
) -> None:
    shown = certificate(ours)
    access = await serve(shown)
    await clients.for_instance(row(access, ca=shown.pem)).delete_user(NOBODY)


@pytest.mark.parametrize("fault", ["another authority", "another host", "ended"])
async def test_what_the_authority_of_the_row_does_not_vouch_for_is_refused(
    serve: Serve, clients: PanelClients, ours: Certificate, fault: str
) -> None:
    shown = {
        "another authority": lambda: certificate(authority()),
        "another host": lambda: certificate(ours, "panel.example.com"),
        "ended": lambda: certificate(ours, ends_in=-timedelta(hours=1)),
    }[fault]()
    access = await serve(shown)
    with pytest.raises(PanelUnavailable, match=UNTRUSTED):
        await clients.for_instance(row(access, ca=ours.pem)).delete_user(NOBODY)


async def test_an_exception_is_made_for_one_row_and_warned_of(
    serve: Serve, clients: PanelClients, ours: Certificate
) -> None:
    access = await serve(certificate(ours))
    excepted = row(access, tls=TlsMode.INSECURE)
    await clients.for_instance(excepted).delete_user(NOBODY)
    with pytest.raises(PanelUnavailable, match=UNTRUSTED):
        await clients.for_instance(row(access, key="s002")).delete_user(NOBODY)
    with capture_logs() as lines:
        warn_of_exceptions([excepted, row(access, key="s002")])
    assert [(line["event"], line["instance_id"]) for line in lines] == [("panel_tls_not_verified", "s001")]


def test_an_address_without_tls_is_warned_of() -> None:
    with capture_logs() as lines:
        warn_of_exceptions([PanelAccess("s001", "", "http://panel.example.com/", "", "", 1, frozenset())])
    assert [line["event"] for line in lines] == ["panel_not_encrypted"]


async def test_a_row_whose_authority_is_no_certificate_reaches_nobody(
    serve: Serve, clients: PanelClients, ours: Certificate
) -> None:
    access = await serve(certificate(ours))
    with pytest.raises(PanelUnavailable, match="ca_pem holds no certificate"):
        await clients.for_instance(row(access, ca="-----BEGIN NOTHING-----")).delete_user(NOBODY)


async def test_subscriptions_believe_whom_the_row_believes(serve: Serve, ours: Certificate) -> None:
    access = await serve(certificate(ours))
    http = SubscriptionHttp(allow_private=True)
    try:
        with pytest.raises(PanelUserNotFound):
            await http.get(row(access, ca=ours.pem), "/sub/unknown", "v2rayNG/1", None)
        with pytest.raises(PanelUnavailable, match=UNTRUSTED):
            await http.get(access, "/sub/unknown", "v2rayNG/1", None)
    finally:
        await http.close()
