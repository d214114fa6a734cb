"""`./orbit panels add` for panels that are no plain Marzban with a certificate that everybody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.keyring import Keyring
from app.repo.panels import PanelRepository
from app.services.records import PanelKind, TlsMode
from tests.support.certificates import authority
from tests.support.cli import database_settings, invoke
from tests.support.warm_bot import orbit

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache

SECRET = "a secret of the test"
ADD = ("panels", "add", "--id", "s003", "--name", "Guarded", "--url", "https://s003.example.com", "--username", "owner")


async def test_a_panel_is_added_with_its_kind_its_authority_and_what_users_get(
    database: Database, database_url: URL, cache: Cache, tmp_path: Path
) -> None:
    given = {"ENV_FILE": "", "BOT_TOKEN": "1:panels", "SECRET_KEY": SECRET, "DATA_DIR": str(tmp_path)}
    settings = given | {"REDIS_SHARE_DEFAULT": "false"} | database_settings(database_url)
    pem = tmp_path / "authority.pem"
    pem.write_text(authority().pem)
    more = ("--kind", "pasarguard", "--ca-file", str(pem), "--access-profile", '{"group_ids": [1, 2]}')
    code, said = await orbit(settings, *ADD, *more, "--password-stdin")
    assert (code, said.splitlines()[-1]) == (0, "Panel s003 is added.")
    added = await PanelRepository(database, cache, Keyring(SECRET).seal).get("s003")
    assert added is not None
    assert (added.kind, added.tls, added.ca_pem) == (PanelKind.PASARGUARD, TlsMode.VERIFY, pem.read_text())
    assert added.access_profile == {"group_ids": [1, 2]}


async def test_a_panel_bears_a_country_that_there_is_until_it_is_taken_off(
    database: Database, database_url: URL, tmp_path: Path
) -> None:
    given = {"ENV_FILE": "", "BOT_TOKEN": "1:panels", "SECRET_KEY": SECRET, "DATA_DIR": str(tmp_path)}
    settings = given | {"REDIS_SHARE_DEFAULT": "false"} | database_settings(database_url)
    assert (await orbit(settings, *ADD, "--country", "de", "--password-stdin"))[0] == 0
    assert await country(database) == "DE"
    for typed, kept, code in (("nl", "NL", 0), ("Holland", "NL", 2), ("XQ", "NL", 2), ("-", None, 0)):
        assert (await orbit(settings, "panels", "country", "s003", typed))[0] == code
        assert await country(database) == kept
    assert (await orbit(settings, "panels", "country", "s009", "NL"))[0] == 1


async def country(database: Database) -> str | None:
    (row,) = await database.run(text("SELECT country FROM marzban_instances"))
    found: str | None = row.country
    return found


@pytest.mark.parametrize("profile", ["[1, 2]", "groups", '"all"'])
def test_a_profile_that_is_no_object_is_refused_before_anything_is_opened(profile: str) -> None:
    result = invoke({}, *ADD, "--password-stdin", "--access-profile", profile)
    assert result.exit_code == 2
    assert "JSON object" in result.output
