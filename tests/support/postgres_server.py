"""Owns the tests' PostgreSQL while its standard input is open: prints the address, keeps a migrated template.

What a bot of a test finds where it has its own server is a copy of this one: to make it takes a second of a core.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

from sqlalchemy import URL, text

from app.embedded.postgres import Address, EmbeddedPostgres
from app.repo.db import Database, make_engine
from app.repo.init_db import migrate

TEMPLATE = "orbit_template"
READY = "ORBIT_TEST_CLUSTER"
OF_A_CLUSTER = ("cluster", "password")


async def main(home: Path) -> None:
    ready, server = home / "ready", EmbeddedPostgres(home)
    shutil.rmtree(ready, ignore_errors=True)
    address = await server.start()
    template = Database(make_engine(_url(address, address.database), 1))
    await migrate(template)
    async with template.transaction() as connection:
        # A password is proved with thousands of rounds, which each of many short lives would pay for.
        await connection.execute(text("SET LOCAL scram_iterations = 1"))
        await connection.execute(text(f"ALTER ROLE {address.user} PASSWORD '{address.password}'"))
    await template.close()
    await server.stop()
    _copy(home, ready)
    address = await server.start()
    admin = Database(make_engine(_url(address, "postgres"), 1))
    await admin.run(text(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)"))
    await admin.run(text(f"CREATE DATABASE {TEMPLATE} TEMPLATE {address.database}"))
    await admin.close()
    url = _url(address, address.database).render_as_string(hide_password=False)
    print(json.dumps({"url": url, "ready": str(ready)}), flush=True)  # noqa: T201
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop()


def lend_cluster(data: Path) -> None:
    """Let a bot with this DATA_DIR find a migrated cluster; where a run has none to lend, the bot makes its own."""
    if READY in os.environ:
        _copy(Path(os.environ[READY]), data / "postgres")


def _copy(home: Path, to: Path) -> None:
    to.mkdir(mode=0o700, parents=True)
    for name in OF_A_CLUSTER:
        (shutil.copytree if (home / name).is_dir() else shutil.copy2)(home / name, to / name)


def _url(address: Address, database: str) -> URL:
    return URL.create(
        "postgresql+asyncpg", address.user, address.password, address.host, address.port, database=database
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
