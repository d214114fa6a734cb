"""The small parts of the subscription page: import links, systems, languages, limits, profiles that only tell."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.addresses import neighbourhood
from app.domain.apps import APPS, BY_KEY, SYSTEMS, apps_for, system_of
from app.web.sub.clients import AGENTS, FORMATS, client_of
from app.web.sub.page import language_wished
from app.web.sub.throttle import Throttle
from app.web.sub.told import WRITERS, told

URL = "https://vpn.example.com/sub/5rT0c2mV8wQpYxK3LhB1Zg"
NAME = "OrbitVPN VPN №1 & #2"
ENCODED = quote(URL, safe="")


@pytest.mark.parametrize(
    ("key", "link"),
    [
        ("happ", f"happ://add/{URL}"),
        ("hiddify", f"hiddify://import/{URL}#{quote(NAME, safe='')}"),
        ("v2rayng", f"v2rayng://install-sub?url={ENCODED}#{quote(NAME, safe='')}"),
        ("streisand", f"streisand://import/{URL}#{quote(NAME, safe='')}"),
        ("v2raytun", f"v2raytun://import/{URL}"),
        ("clash", f"clash://install-config?url={ENCODED}&name={quote(NAME, safe='')}"),
        ("flclash", f"clash://install-config?url={ENCODED}&name={quote(NAME, safe='')}"),
        ("stash", f"stash://install-config?url={ENCODED}&name={quote(NAME, safe='')}"),
    ],
)
def test_an_import_link_is_the_apps_own(key: str, link: str) -> None:
    assert BY_KEY[key].import_link(URL, NAME) == link


def test_every_app_is_tested_here_and_gets_the_whole_url_back() -> None:
    for app in APPS:
        parts = urlsplit(app.import_link(URL, NAME))
        given_url = parse_qs(parts.query)["url"][0] if parts.query else parts.path.lstrip("/")
        assert given_url == URL
        assert " " not in parts.geturl()


def test_every_system_has_apps_and_begins_with_one_that_runs_there() -> None:
    for system in SYSTEMS:
        assert len(apps_for(system)) >= 3
        assert all(app.stores[system].startswith("https://") for app in apps_for(system))


@pytest.mark.parametrize(
    ("agent", "system"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15", "ios"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X)", "ios"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36", "android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "macos"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0)", "linux"),
        ("", "ios"),
    ],
)
def test_a_visitor_sees_the_apps_of_their_own_system_first(agent: str, system: str) -> None:
    assert system_of(agent) == system


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("ru-RU,ru;q=0.9,en-US;q=0.8", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("de-DE,de;q=0.9,en;q=0.5,ru;q=0.7", "ru"),
        ("de,fr;q=0.9", None),
        ("en;q=0, ru;q=0.1", "ru"),
        ("en;q=0", None),
        ("en;q=high", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_browsers_language_is_spoken_where_it_is_ours(accept: str, language: str | None) -> None:
    assert language_wished(accept) == language


@given(st.text())
def test_no_header_breaks_the_choice_of_a_language(accept: str) -> None:
    assert language_wished(accept) in {"ru", "en", None}


@given(st.text())
def test_whatever_words_are_told_come_out_of_every_format_unchanged(words: str) -> None:
    for form, (_, media_type) in WRITERS.items():
        body, told_as = told(form, words)
        assert told_as == media_type
        if form == "v2ray":
            assert unquote(base64.b64decode(body).decode().partition("#")[2]) == words
        elif media_type == "application/json":
            assert json.dumps(words, ensure_ascii=False)[1:-1] in body
            json.loads(body)
        else:
            assert json.loads(body.partition("name: ")[2].partition(", type:")[0]) == words or ", type:" in words


def test_every_kind_of_app_can_be_told_something() -> None:
    clients = [*FORMATS.values(), *(client for _, client in AGENTS), client_of("", None)]
    assert {client.format for client in clients} == set(WRITERS)
    assert len({client.kind for client in clients}) == len(clients)


def test_a_bucket_gives_its_burst_and_then_one_token_an_interval() -> None:
    now = [100.0]
    throttle = Throttle(2_000, 3, monotonic=lambda: now[0])
    assert [throttle.wait_seconds("a") for _ in range(4)] == [0, 0, 0, 2]
    assert throttle.wait_seconds("b") == 0
    now[0] += 1.5
    assert throttle.wait_seconds("a") == 1
    now[0] += 0.5
    assert [throttle.wait_seconds("a"), throttle.wait_seconds("a")] == [0, 2]


def test_buckets_are_bounded_however_many_ask() -> None:
    throttle = Throttle(2_000, 1, most_keys=100)
    for number in range(1000):
        throttle.wait_seconds(number)
    assert len(throttle) == 100
    assert throttle.wait_seconds(999) > 0


@pytest.mark.parametrize(
    ("host", "visitor"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
        ("::ffff:203.0.113.7", "::ffff:cb00:7107"),
        ("testclient", ""),
        (None, ""),
    ],
)
def test_one_customer_is_one_visitor_with_whatever_address_of_theirs(host: str | None, visitor: str) -> None:
    assert neighbourhood(host) == visitor
