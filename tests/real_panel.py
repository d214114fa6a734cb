"""Asks a real panel what tests/contract asks of the emulators: `python -m tests.real_panel --help`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
import traceback
from pathlib import Path

import pytest

from app.panels.clients import PanelClients
from app.panels.port import PanelError
from app.repo.panel_sub import SubscriptionHttp
from app.services.records import PanelAccess, PanelKind, TlsMode
from sandbox.clock import SandboxClock
from tests.support.panel_scenarios import SCENARIOS, Ground, Scenario


class NoCache:
    """Shares no token with anybody. Implements TokenCache."""

    async def get_cached(self, key: str) -> str | None:
        """Nothing is known."""

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        """Nothing is kept."""

    async def delete_cache(self, key: str) -> None:
        """Nothing was there."""


def asked(arguments: list[str]) -> argparse.Namespace:
    """What is to be tried; the password comes by standard input."""
    parser = argparse.ArgumentParser(prog="python -m tests.real_panel", description=__doc__)
    parser.add_argument("--base-url", required=True, help="such as https://panel.example.com:8000/")
    parser.add_argument("--login", required=True, help="an administrator; the password is read from input")
    parser.add_argument("--kind", type=PanelKind, choices=list(PanelKind), default=PanelKind.MARZBAN)
    parser.add_argument("--ca-file", type=Path, help="certificates (PEM) to trust")
    parser.add_argument("--insecure", action="store_true", help="don't check the certificate")
    parser.add_argument("--only", default="", help="scenarios whose names hold this")
    return parser.parse_args(arguments)


async def tried(scenario: Scenario, ground: Ground) -> bool:
    """Run one scenario, clean up behind it and say how it went."""
    begun = time.perf_counter()
    failure: BaseException | None = None
    try:
        await scenario(ground)
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - told, and the next scenario is tried
        failure = error
    took = (time.perf_counter() - begun) * 1000
    try:
        await ground.swept()
    except Exception as error:  # noqa: BLE001 - the same
        failure = failure or error
    print(f"{'FAILED' if failure else 'ok':6} {took:7.0f} ms  {scenario.__name__.replace('_', ' ')}")
    if failure is not None:
        traceback.print_exception(failure)
    return failure is None


async def main(options: argparse.Namespace, password: str) -> bool:
    """Try every scenario; whether all went well."""
    access = PanelAccess(
        "real", "real", options.base_url, options.login, password, 100, frozenset(),
        kind=options.kind,
        tls=TlsMode.INSECURE if options.insecure else TlsMode.VERIFY,
        ca_pem=options.ca_file.read_text() if options.ca_file else None,
    )  # fmt: skip
    clients = PanelClients(NoCache(), SandboxClock(), 20, allow_private=True)
    http = SubscriptionHttp(timeout_seconds=10, allow_private=True)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(clients.close)
        stack.push_async_callback(http.close)
        panel = clients.for_instance(access)
        try:
            print((await panel.health()).product)
        except PanelError as failure:
            print(failure)
            return False
        results = [
            await tried(scenario, Ground(panel, access, http, grain_seconds=1.1))
            for scenario in SCENARIOS
            if options.only in scenario.__name__
        ]
    print(f"{sum(results)} of {len(results)} scenarios as they should be")
    return all(results)


if __name__ == "__main__":
    chosen = asked(sys.argv[1:])
    sys.exit(not asyncio.run(main(chosen, sys.stdin.readline().rstrip("\n"))))
