"""The operator's INSERT, word for word: its panel takes users at the next look, and its password is sealed."""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text

from app.panels.choice import MEASURE_EVERY_SECONDS, TURN_KEY, PanelChoice
from app.panels.clients import PanelClients
from app.panels.gate import PanelGate
from app.panels.provisioning import Provisioner
from app.repo.panel_http import PanelSession
from app.repo.panels import PanelRepository
from app.services.records import Newcomer
from sandbox.clock import SandboxClock
from sandbox.marzban import Panel, create_app
from tests.support.books import Books
from tests.support.panels import PASSWORD, THE_OPERATORS_INSERT, fill, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from app.repo.db import Database
    from app.utils.redis import Cache

HOST = "s002.example.com"
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.DOTALL)
NINA, MAX = 7, 8


class OnlyHere(AbstractResolver):
    """Knows one host, which is this machine at another port."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        assert (host, port) == (HOST, 8000)
        found = ResolveResult(
            hostname=host, host="127.0.0.1", port=self._port, family=family, proto=0, flags=0
        )
        return [found]

    async def close(self) -> None:
        """Nothing is open."""


class ClientsAround(PanelClients):
    """The product's clients on a machine where that name leads to the emulator."""

    port = 0

    def _session(self, instance_id: str) -> PanelSession:
        if instance_id == "s002" and instance_id not in self._sessions:
            connector = aiohttp.TCPConnector(resolver=OnlyHere(self.port))
            self._sessions[instance_id] = PanelSession(aiohttp.ClientSession(connector=connector), allow_private=True)
        return super()._session(instance_id)


def certificate(home: Path) -> Path:
    """A file with a key and a certificate of its own for the host."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = home / "panel.pem"
    file.write_bytes(secret + signed.public_bytes(pem))
    return file


@asynccontextmanager
async def over_tls(panel: Panel, file: Path) -> AsyncIterator[int]:
    """Serve the panel at a port of this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    runner = web.AppRunner(create_app(panel), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def test_the_operators_insert_takes_traffic_at_the_next_look_and_its_password_is_sealed(
    database: Database, cache: Cache, tmp_path: Path
) -> None:
    clock, file = SandboxClock(), certificate(tmp_path)
    async with AsyncExitStack() as stack:
        busy = await stack.enter_async_context(running(Panel(clock, "s001", "admin", PASSWORD)))
        second = Panel(clock, "s002", "admin", "password")
        next(iter(second.nodes.values())).name = "node_slow"
        panels = PanelRepository(database, cache, MultiFernet([Fernet(Fernet.generate_key())]))
        clients = ClientsAround(panels, clock, allow_private=True)
        stack.push_async_callback(clients.close)
        clients.port = await stack.enter_async_context(over_tls(second, file))
        gate, books = PanelGate(clients, clock), Books(database, cache)
        choice = PanelChoice(panels, gate, panels, clock)
        provisioner = Provisioner(books.provisioning, panels, gate, choice, clock)

        async def wish(tg_id: int) -> None:
            await books.users.arrive(Newcomer(tg_id, "Nina", None, "en", None), clock.now(), 7)
            await books.configs.request(tg_id, "wish", None, clock.now())
            assert await provisioner.run_once() == 1

        fill(busy, 40)
        await panels.add(busy.access())
        await choice.keep_fresh()
        await wish(NINA)
        assert (len(busy.panel.users), len(second.users)) == (41, 0)

        await database.run(text(THE_OPERATORS_INSERT))
        # No authority of the web's signs for a host of a test.
        trust = text("UPDATE marzban_instances SET ca_pem = CAST(:pem AS text) WHERE id = 's002'")
        await database.run(trust, {"pem": "".join(CERTIFICATE.findall(file.read_text()))})
        await cache.delete(TURN_KEY)
        clock.advance(MEASURE_EVERY_SECONDS)
        await choice.keep_fresh()
        await wish(MAX)

    assert MEASURE_EVERY_SECONDS < 120
    assert (len(busy.panel.users), len(second.users)) == (41, 1)
    (chosen, *_) = await choice.ranked()
    assert (chosen.instance_id, chosen.node) == ("s002", "s002-2")
    ((sealed,),) = await database.run(text("SELECT password FROM marzban_instances WHERE id = 's002'"))
    assert sealed.startswith("sealed:")
    assert "password" not in sealed
