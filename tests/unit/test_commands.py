"""A message is one command for whoever lets people pass and for who answers them."""

from __future__ import annotations

import pytest

from app.core.commands import read_command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/start", ("start", "")),
        ("/START ref_7", ("start", "ref_7")),
        ("/menu@orbit_bot", ("menu", "")),
        ("/paysupport\nwhere is it", ("paysupport", "where is it")),
        ("/promo\u00a0 CODE  ", ("promo", "CODE")),
        ("/ start", None),
        ("/", None),
        ("/\u00a0", None),
        ("//", None),
        ("start", None),
        ("", None),
        (None, None),
    ],
)
def test_a_command_is_read_with_what_stands_behind_it(text: str | None, command: tuple[str, str] | None) -> None:
    assert read_command(text) == command
