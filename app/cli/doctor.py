"""The command that looks at everything the shop stands on, a line for each; it shows no secret and repairs nothing."""

from __future__ import annotations

import asyncio
import stat
from typing import TYPE_CHECKING

import aiohttp
import typer

from app.cli.context import panel_table
from app.cli.doctor_providers import yookassa
from app.cli.doctor_telegram import required_channel, support_group
from app.cli.finding import Finding
from app.cli.rates import age, asked, of
from app.clients import open_panels, open_tonapi
from app.clock import open_clock
from app.domain.assets import Asset
from app.domain.ton import TonAddress
from app.embedded.postgres import EmbeddedPostgresError
from app.embedded.redis import RedisUnavailable
from app.keyring import FILE
from app.panels.inspection import PanelInspector
from app.repo.init_db import revisions
from app.repo.jobs import JobRepository
from app.repo.oversight import OversightRepository
from app.repo.rates import RateRepository
from app.services.ports import ChainUnavailable
from app.stores import DatabaseDoesNotAnswer, open_stores
from app.utils.logging import Blotter, configure_logging
from config import SettingsError, load_settings

if TYPE_CHECKING:
    from app.stores import Stores
    from config import Settings

ANSWER_SECONDS = 10
SLOWEST_INDEX_SECONDS = 60


def register(app: typer.Typer) -> None:
    """Add doctor."""
    app.command()(doctor)


def doctor() -> None:
    """Look at settings, stores, Telegram, providers and panels; exit code 1 where something is wrong."""
    try:
        settings = load_settings()
    except SettingsError as problem:
        findings = [Finding("settings", is_well=False, said=line) for line in str(problem).splitlines()]
        secrets: list[str] = []
    else:
        secrets = settings.secrets()
        configure_logging(enabled=False, level="ERROR", aiogram=False, secrets=secrets)
        findings = asyncio.run(_examined(settings))
    blotter = Blotter(secrets)
    for finding in findings:
        print(blotter.clean(f"{'ok' if finding.is_well else 'WRONG':6} {finding.part:14} {finding.said}"))
    raise typer.Exit(0 if all(finding.is_well for finding in findings) else 1)


async def _examined(settings: Settings) -> list[Finding]:
    mode = "webhook" if settings.webhook_url else "polling"
    plans = len(list(settings.catalogue()))
    said = f"complete: {mode}, {plans} plans, TON {'on' if settings.ton_address else 'off'}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as http:
        asked = [_telegram(settings, http), _chain(settings, http), yookassa(settings, http)]
        if settings.support_chat_id is not None:
            asked.append(support_group(settings, http, settings.support_chat_id))
        if settings.required_channel is not None:
            asked.append(required_channel(settings, http, settings.required_channel))
        if settings.public_address is not None:
            asked.append(links(settings.public_address, http))
        outside = await asyncio.gather(*asked)
    return [Finding("settings", is_well=True, said=said), _secret(settings), *outside, *await _inside(settings)]


def _secret(settings: Settings) -> Finding:
    if settings.secret_key is not None:
        return Finding("secret", is_well=True, said="SECRET_KEY is set")
    path = settings.data_dir / FILE
    if not path.exists():
        return Finding("secret", is_well=True, said=f"{path} will be made by the first start")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding("secret", is_well=False, said=f"others may read {path}: chmod 600 it")
    return Finding("secret", is_well=True, said=f"{path}, mode {mode:o}")


async def _telegram(settings: Settings, http: aiohttp.ClientSession) -> Finding:
    token = settings.bot_token.get_secret_value()
    try:
        async with http.get(f"{str(settings.telegram_api_url).rstrip('/')}/bot{token}/getMe") as answer:
            told = await answer.json(content_type=None)
    except (aiohttp.ClientError, OSError, ValueError) as error:  # their texts hold the address, and with it the token
        return Finding("Telegram", is_well=False, said=f"no answer: {type(error).__name__}")
    if not isinstance(told, dict) or not told.get("ok"):
        return Finding("Telegram", is_well=False, said=f"refuses BOT_TOKEN with status {answer.status}")
    return Finding("Telegram", is_well=True, said=f"knows the bot as @{told.get('result', {}).get('username')}")


async def _chain(settings: Settings, http: aiohttp.ClientSession) -> Finding:
    if settings.ton_address is None:
        return Finding("TON", is_well=True, said="off: TON_ADDRESS is not set")
    index = open_tonapi(settings, http)
    try:
        wallet = TonAddress.parse(settings.ton_address)
        async with asyncio.timeout(ANSWER_SECONDS):
            status = await index.status()
            await index.transactions(wallet.raw, limit=1, order="desc")
    except ValueError as error:
        return Finding("TON", is_well=False, said=f"TON_ADDRESS: {error}")
    except (ChainUnavailable, TimeoutError) as error:
        return Finding("TON", is_well=False, said=f"tonapi does not answer: {str(error) or 'timeout'}")
    is_well = status.rest_online and status.indexing_latency <= SLOWEST_INDEX_SECONDS
    return Finding("TON", is_well, said=f"tonapi answers, {status.indexing_latency} s behind the chain")


async def links(address: str, http: aiohttp.ClientSession) -> Finding:
    """Whether customers' links lead to the bot: it says that it knows no such link, in its own words."""
    try:
        async with http.get(f"{address}/sub/{'-' * 22}", allow_redirects=False) as answer:
            is_ours = answer.status == 404 and await answer.text() == "not found"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Finding("links", is_well=False, said=f"{address} does not answer: {type(error).__name__}")
    if not is_ours:
        return Finding("links", is_well=False, said=f"{address}/sub/ does not lead to the bot: status {answer.status}")
    return Finding("links", is_well=True, said=f"{address}/sub/ leads to the bot")


async def _inside(settings: Settings) -> list[Finding]:
    try:
        stores = await open_stores(settings, beside=True)
    except (DatabaseDoesNotAnswer, EmbeddedPostgresError) as problem:
        return [Finding("database", is_well=False, said=str(problem)), _not_asked("panels")]
    except RedisUnavailable as problem:
        return [Finding("redis", is_well=False, said=str(problem)), _not_asked("panels")]
    try:
        schema = await _schema(stores)
        redis = Finding("redis", await stores.cache.answers(), said=stores.redis.kind)
        # Without our tables there is nobody to ask about.
        rest = []
        if schema.is_well:
            rest = [
                await _work(settings, stores),
                await _jobs(stores),
                *await _rates(settings, stores),
                *await _panels(settings, stores),
            ]
        return [schema, redis, *rest]
    finally:
        await stores.close()


def _not_asked(part: str) -> Finding:
    return Finding(part, is_well=False, said="not looked at: the table of panels can't be read")


async def _schema(stores: Stores) -> Finding:
    here, newest = await revisions(stores.database)
    where = "embedded" if stores.postgres else "given by DATABASE_HOST"
    if here == newest:
        return Finding("database", is_well=True, said=f"answers, {where}, schema {here}")
    return Finding("database", is_well=False, said=f"schema {here or 'empty'} instead of {newest}: start the bot once")


async def _work(settings: Settings, stores: Stores) -> Finding:
    oversight = OversightRepository(stores.database)
    late = await oversight.overdue(open_clock(settings.clock_offset_file).now())
    waiting = await oversight.unmatched()
    said = f"{late.configs} configs and {late.notices} notices overdue, {waiting} receipts wait for you"
    return Finding("work", is_well=not (late.configs or late.notices), said=said)


async def _jobs(stores: Stores) -> Finding:
    jobs = JobRepository(stores.database)
    failing = [job.name for job in await jobs.periodic() if job.failure]
    number = await jobs.number_failed()
    if not number and not failing:
        return Finding("jobs", is_well=True, said="none failed")
    names = f", failing: {', '.join(failing)}" if failing else ""
    return Finding("jobs", is_well=False, said=f"{number} given up{names}; see ./orbit jobs")


async def _rates(settings: Settings, stores: Stores) -> list[Finding]:
    if settings.ton_address is None:
        return []
    told, now = await asked(settings), open_clock(settings.clock_offset_file).now()
    history = RateRepository(stores.database)
    findings: list[Finding] = []
    for asset in Asset:
        names = list(of(asset, told))
        answers = f"{', '.join(names)} answer" if names else "no source answers"
        said = f"{age(await history.newest(asset), now)}; {answers}"
        findings.append(Finding(asset.pair, is_well=bool(names), said=said))
    return findings


async def _panels(settings: Settings, stores: Stores) -> list[Finding]:
    panels = panel_table(settings, stores)
    active = await panels.active()
    async with open_panels(settings, panels, open_clock(settings.clock_offset_file), ANSWER_SECONDS) as clients:
        checkups = await PanelInspector(clients).checkups(active)
    findings = [Finding(f"panel {each.instance_id}", each.is_well, each.said) for each in checkups]
    return findings or [Finding("panels", is_well=False, said="none in service that can be opened")]
