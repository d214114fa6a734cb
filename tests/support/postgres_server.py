"""Owns the tests' PostgreSQL while its standard input is open: prints the address, keeps a migrated template."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from sqlalchemy import URL, text

from app.embedded.postgres import EmbeddedPostgres
from app.repo.db import Database, make_engine
from app.repo.init_db import migrate

TEMPLATE = "orbit_template"


async def main(home: Path) -> None:
    server = EmbeddedPostgres(home)
    address = await server.start()

    def url(name: str) -> URL:
        return URL.create(
            "postgresql+asyncpg", address.user, address.password, address.host, address.port, database=name
        )

    admin = Database(make_engine(url(address.database), 1))
    await admin.run(text(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)"))
    await admin.run(text(f"CREATE DATABASE {TEMPLATE}"))
    template = Database(make_engine(url(TEMPLATE), 1))
    await migrate(template)
    await template.close()
    await admin.close()
    print(json.dumps({"url": url(address.database).render_as_string(hide_password=False)}), flush=True)  # noqa: T201
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
