"""Owns the emulators of one sandbox and the settings that lead a bot to them; must not know the bot."""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sandbox import chain, cryptopay, marzban, pasarguard, public_rates, telegram, yookassa
from sandbox.chain.rates import RUB_FOR_USD
from sandbox.clock import SandboxClock
from sandbox.serve import Server

BOT_TOKEN = "1000001:sandbox"  # noqa: S105 - opens nothing but the emulator
_TONAPI_KEY = "sandbox-tonapi-key"
_CRYPTOBOT_TOKEN = "1000001:sandbox-crypto-pay"  # noqa: S105 - opens nothing but the emulator
_YOOKASSA_SHOP = "100500"
_YOOKASSA_KEY = "test_sandbox-yookassa"
_PANEL_NAMES = ("Frankfurt", "Helsinki", "Warsaw", "Vienna", "Riga")
_ADMIN = "admin"


@dataclass(frozen=True)
class PanelDoor:
    """What an operator knows of a panel."""

    id: str
    name: str
    url: str
    username: str
    password: str
    kind: str = "marzban"


class World:
    """Telegram, chain, Crypto Pay, YooKassa, rates, panels, each on a loopback port; in memory, but the clock."""

    def __init__(self, home: Path, panels: int = 2, guards: int = 0) -> None:
        """A world with so many Marzbans, and behind them so many PasarGuards."""
        if panels < 1 or panels + guards > len(_PANEL_NAMES):
            raise ValueError(f"a world has 1 to {len(_PANEL_NAMES)} panels, the first a Marzban")
        names, guarded = _PANEL_NAMES[:panels], _PANEL_NAMES[panels : panels + guards]
        self.home = home
        self.clock = SandboxClock(self._clock_file)
        self.bot_token = BOT_TOKEN
        self.telegram = telegram.Telegram(self.clock, self.bot_token)
        self.chain = chain.Chain(self.clock)
        self.till = cryptopay.Till(self.clock, _CRYPTOBOT_TOKEN, testnet=True)
        self.shop = yookassa.Shop(self.clock, _YOOKASSA_SHOP, _YOOKASSA_KEY)
        self.panels = {name: marzban.Panel(self.clock, name, _ADMIN, _password(name)) for name in names}
        self.guards = {name: pasarguard.Panel(self.clock, name, _ADMIN, _password(name)) for name in guarded}
        self.ton_address = self.chain.merchant.friendly()
        self.telegram_url = ""
        self.chain_url = ""
        self.cryptopay_url = ""
        self.yookassa_url = ""
        self.rates_url = ""
        self.panel_urls: dict[str, str] = {}
        self._running = AsyncExitStack()

    @property
    def _clock_file(self) -> Path:
        return self.home / "clock"

    async def start(self) -> None:
        """Start every emulator; where one fails the others are stopped again."""
        async with AsyncExitStack() as stack:
            self.telegram_url = await _serve(stack, Server(telegram.create_app(self.telegram)))
            self.chain_url = await _serve(stack, Server(chain.create_app(self.chain, _TONAPI_KEY)))
            self.cryptopay_url = await _serve(stack, Server(cryptopay.create_app(self.till)))
            self.yookassa_url = await _serve(stack, Server(yookassa.create_app(self.shop)))
            self.rates_url = await _serve(stack, Server(public_rates.create_app(self._prices))) + "/api/v3"
            await self._serve_panels(stack)
            self._running = stack.pop_all()

    async def _serve_panels(self, stack: AsyncExitStack) -> None:
        """Each panel at the port that it had in this home: a shop that is kept has their addresses in its table."""
        apps = {name: marzban.create_app(panel) for name, panel in self.panels.items()}
        apps |= {name: pasarguard.create_app(guard) for name, guard in self.guards.items()}
        known: dict[str, int] = json.loads(self._ports_file.read_text()) if self._ports_file.exists() else {}
        servers = {name: Server(app, known.get(name, 0)) for name, app in apps.items()}
        self.panel_urls = {name: await _serve(stack, server) for name, server in servers.items()}
        self.home.mkdir(parents=True, exist_ok=True)
        self._ports_file.write_text(json.dumps({name: server.port for name, server in servers.items()}))

    @property
    def _ports_file(self) -> Path:
        return self.home / "panel_ports"

    async def stop(self) -> None:
        """Stop every emulator; what they knew is gone."""
        await self._running.aclose()

    def _prices(self) -> Mapping[str, Mapping[str, Decimal]]:
        """What the chain's coin and a dollar cost, as a public site would have found out."""
        rub = self.chain.rate_rub
        return {
            "the-open-network": {"rub": rub, "usd": rub / RUB_FOR_USD},
            "tether": {"rub": RUB_FOR_USD, "usd": Decimal(1)},
        }

    def doors(self) -> list[PanelDoor]:
        """Return the panels as an operator would note them down, s001 first; of use once started."""
        return [
            PanelDoor(
                f"s{number:03}", name, url, _ADMIN, _password(name), "pasarguard" if name in self.guards else "marzban"
            )
            for number, (name, url) in enumerate(self.panel_urls.items(), start=1)
        ]

    def env(self) -> dict[str, str]:
        """Return the whole of a bot's settings for this world: its first panel, and nothing of the machine's own."""
        first = self.doors()[0]
        return {
            "ENV_FILE": "",
            "BOT_TOKEN": self.bot_token,
            "TELEGRAM_API_URL": self.telegram_url,
            "TON_ADDRESS": self.ton_address,
            "TONAPI_URL": self.chain_url,
            "TONAPI_KEY": _TONAPI_KEY,
            "TON_POLL_SECONDS": "1",
            "RATES_URL": self.rates_url,
            "CRYPTOBOT_TOKEN": _CRYPTOBOT_TOKEN,
            "CRYPTOBOT_TESTNET": "true",
            "CRYPTOBOT_API_URL": self.cryptopay_url,
            "YOOKASSA_SHOP_ID": _YOOKASSA_SHOP,
            "YOOKASSA_SECRET_KEY": _YOOKASSA_KEY,
            "YOOKASSA_API_URL": self.yookassa_url,
            "PAYMENT_POLL_SECONDS": "1",
            "S001_BASE_URL": first.url,
            "S001_MARZBAN_USERNAME": first.username,
            "S001_MARZBAN_PASSWORD": first.password,
            "PANELS_ALLOW_PRIVATE": "true",
            "CLOCK_OFFSET_FILE": str(self._clock_file),
            "DATA_DIR": str(self.home / "bot"),
            "LOG_LEVEL": "INFO",
            # A Redis that happens to run on this machine serves somebody else.
            "REDIS_SHARE_DEFAULT": "false",
        }


async def _serve(stack: AsyncExitStack, server: Server) -> str:
    url = await server.start()
    stack.push_async_callback(server.stop)
    return url


def _password(panel: str) -> str:
    return f"sandbox-{panel.lower()}"
