"""The world of a sandbox: its emulators are where its settings say; and what it refuses to stand beside."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import BasicAuth, ClientConnectorError, ClientSession

from sandbox import realness
from sandbox.__main__ import main
from sandbox.bot_process import environment
from sandbox.chain.address import parse
from sandbox.clock import SandboxClock
from sandbox.world import World

REAL_TOKEN = "7123456789:" + "A" * 35


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_the_settings_lead_to_the_bot_api(world: World, http: ClientSession) -> None:
    env = world.env()
    async with http.post(f"{env['TELEGRAM_API_URL']}/bot{env['BOT_TOKEN']}/getMe") as answer:
        assert (await answer.json())["result"]["is_bot"] is True


async def test_the_settings_lead_to_the_chain_and_its_merchant(world: World, http: ClientSession) -> None:
    env = world.env()
    assert env["TON_ADDRESS"].startswith("UQ")
    assert parse(env["TON_ADDRESS"]).address == world.chain.merchant
    path = f"/v2/blockchain/accounts/{env['TON_ADDRESS']}/transactions"
    async with http.get(env["TONAPI_URL"] + path, headers={"Authorization": f"Bearer {env['TONAPI_KEY']}"}) as answer:
        assert await answer.json() == {"transactions": []}


async def test_the_settings_lead_to_crypto_pay(world: World, http: ClientSession) -> None:
    env = world.env()
    headers = {"Crypto-Pay-API-Token": env["CRYPTOBOT_TOKEN"]}
    async with http.get(f"{env['CRYPTOBOT_API_URL']}/api/getMe", headers=headers) as answer:
        assert (await answer.json())["result"]["payment_processing_bot_username"] == "CryptoTestnetBot"


async def test_the_settings_lead_to_yookassa(world: World, http: ClientSession) -> None:
    env = world.env()
    auth = BasicAuth(env["YOOKASSA_SHOP_ID"], env["YOOKASSA_SECRET_KEY"])
    async with http.get(f"{env['YOOKASSA_API_URL']}/v3/me", auth=auth) as answer:
        assert (await answer.json())["test"] is True


async def test_the_settings_open_the_first_panel_and_the_doors_all(world: World, http: ClientSession) -> None:
    env, doors = world.env(), world.doors()
    assert [(door.id, door.name) for door in doors] == [("s001", "Frankfurt"), ("s002", "Helsinki")]
    assert {door.name: door.url for door in doors} == world.panel_urls
    logins = [(door.url, door.username, door.password) for door in doors]
    assert logins[0] == (env["S001_BASE_URL"], env["S001_MARZBAN_USERNAME"], env["S001_MARZBAN_PASSWORD"])
    for url, username, password in logins:
        async with http.post(f"{url}/api/admin/token", data={"username": username, "password": password}) as answer:
            assert answer.status == 200


async def test_the_bot_reads_the_worlds_time_from_a_file(world: World) -> None:
    before = world.clock.now()
    world.clock.advance(60)
    read = SandboxClock(Path(world.env()["CLOCK_OFFSET_FILE"])).now()
    assert (read - before).total_seconds() >= 60


async def test_a_stopped_world_answers_nowhere(tmp_path: Path, http: ClientSession) -> None:
    world = World(tmp_path, panels=1)
    await world.start()
    await world.stop()
    for url in (world.telegram_url, world.chain_url, *world.panel_urls.values()):
        with pytest.raises(ClientConnectorError):
            await http.get(url)


async def test_a_world_of_a_kept_home_goes_on_in_its_time(tmp_path: Path) -> None:
    first = World(tmp_path)
    first.clock.advance(1_000_000)
    assert World(tmp_path).clock.now() >= first.clock.now().replace(microsecond=0)


async def test_the_bot_inherits_no_setting_of_the_machine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_HOST", "REDIS_URL", "WEBHOOK_URL", "CRYPTOBOT_TOKEN", "BOT_TOKEN"):
        monkeypatch.setenv(name, "real")
    env = environment(world.env())
    assert not {"DATABASE_HOST", "REDIS_URL", "WEBHOOK_URL"} & env.keys()
    assert env["CRYPTOBOT_TOKEN"] == world.till.token
    assert env["BOT_TOKEN"] == world.bot_token
    assert env["ENV_FILE"] == ""
    assert "PATH" in env


def test_the_sandbox_refuses_to_start_beside_a_real_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_TOKEN", REAL_TOKEN)
    assert main([]) == 2
    said = capsys.readouterr().out
    assert "BOT_TOKEN in the environment" in said
    assert REAL_TOKEN not in said


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"BOT_TOKEN": REAL_TOKEN}, 1),
        ({"BOT_TOKEN": "1000001:sandbox", "TONAPI_URL": "http://127.0.0.1:81"}, 0),
        ({"TELEGRAM_API_URL": "localhost:8081"}, 0),
        ({"TONAPI_URL": "https://tonapi.io", "TELEGRAM_API_URL": "https://api.telegram.org"}, 2),
        ({"TONAPI_URL": "http://8.8.8.8"}, 1),
        ({"YOOKASSA_API_URL": "https://api.yookassa.ru", "YOOKASSA_SECRET_KEY": "live_key"}, 2),
        ({"YOOKASSA_API_URL": "http://127.0.0.1:81", "YOOKASSA_SECRET_KEY": "test_key"}, 0),
        ({"TONAPI_URL": "http://[::1]:80", "TELEGRAM_API_URL": "http://192.168.1.5"}, 0),
        ({"TONAPI_URL": None, "BOT_TOKEN": ""}, 0),
    ],
)
def test_only_real_tokens_and_public_addresses_count_as_real(settings: dict[str, str | None], count: int) -> None:
    assert len(list(realness.findings(settings, "here"))) == count
