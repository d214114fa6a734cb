"""Which addresses count as one, when a config has too many of them, and which lines of a log tell of one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.addresses import MOST_ADDRESSES, AddressBook
from app.panels.limiter import MOST_LINE, connections_in

ADDRESSES = st.sampled_from([f"198.51.100.{number}" for number in range(8)])


def windows(book: AddressBook, *seen: set[str]) -> list[dict[str, int]]:
    """What each window ends with, in which bob was seen at these."""
    ends = []
    for hosts in seen:
        for host in sorted(hosts):
            book.note("bob", host)
        ends.append(book.close_window())
    return ends


def test_one_window_over_the_limit_is_no_more_than_a_phone_that_changed_networks() -> None:
    assert windows(AddressBook(2), {"1.1.1.1", "2.2.2.2", "3.3.3.3"}, {"1.1.1.1", "2.2.2.2"}) == [{}, {}]


def test_two_windows_in_succession_are_too_many_and_counting_begins_anew() -> None:
    over = {"1.1.1.1", "2.2.2.2", "3.3.3.3"}
    assert windows(AddressBook(2), over, over, over, over) == [{}, {"bob": 3}, {}, {"bob": 3}]


def test_a_quiet_window_between_makes_them_two_beginnings() -> None:
    over = {"1.1.1.1", "2.2.2.2", "3.3.3.3"}
    assert windows(AddressBook(2), over, set(), over, set()) == [{}, {}, {}, {}]


def test_what_was_seen_before_a_hole_counts_no_more() -> None:
    book, over = AddressBook(1), {"1.1.1.1", "2.2.2.2"}
    windows(book, over)
    book.forget()
    assert windows(book, over) == [{}]


def test_the_addresses_of_one_customer_in_ipv6_are_one() -> None:
    same = {f"2001:db8:7:1::{number:x}" for number in range(1, 9)}
    assert windows(AddressBook(1), same, same) == [{}, {}]


@settings(max_examples=50)
@given(st.lists(st.sets(ADDRESSES), max_size=6), st.integers(1, 4))
def test_nobody_is_named_who_was_not_over_in_the_window_and_in_the_one_before(seen: list[set[str]], most: int) -> None:
    ends = windows(AddressBook(most), *seen)
    for place, named in enumerate(ends):
        if named:
            assert place > 0
            assert len(seen[place]) > most
            assert len(seen[place - 1]) > most
            assert named == {"bob": len(seen[place])}


def test_memory_is_bounded_whatever_comes() -> None:
    book = AddressBook(1, most_configs=10)
    for user in range(30):
        for number in range(70):
            book.note(f"user{user}", f"198.51.{user}.{number}")
    assert book.close_window() == {}
    for _ in range(2):
        for number in range(200):
            book.note("bob", f"198.51.100.{number}")
        ended = book.close_window()
    assert ended == {"bob": MOST_ADDRESSES}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "2026/11/23 11:32:40 from 198.51.100.7:5555 accepted tcp:a.example:443 [VLESS >> DIRECT] email: 1.bob",
            ("bob", "198.51.100.7"),
        ),
        (
            "2026/11/23 11:32:40.123456 from tcp:198.51.100.7:5555 accepted udp:1.1.1.1:53 [in -> out] email: 12.o7_ab",
            ("o7_ab", "198.51.100.7"),
        ),
        ("from [2001:db8::7]:5555 accepted tcp:[2001:db8::1]:443 [in >> out] email: 3.bob\r", ("bob", "2001:db8::7")),
        ("from 1.2.3.4:5 accepted tcp:email: 1.victim:443 [in >> out] email: 5.mallory", ("mallory", "1.2.3.4")),
    ],
)
def test_a_line_of_an_access_log_tells_who_came_from_where(line: str, told: tuple[str, str]) -> None:
    assert connections_in(f"noise\n{line}\nnoise") == [told]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "2026/11/23 11:32:40 from 198.51.100.7:5555 rejected  proxy/vless/encoding: invalid request user id",
        "2026/11/23 11:32:40 [Info] app/proxyman: started",
        "from 198.51.100.7:5555 accepted tcp:a.example:443 [API]",
        "from 198.51.100.7:5555 accepted tcp:a.example:443 email: 1.Bob@example",
        "from unix:@ accepted tcp:a.example:443 email: 1.bob",
        f"from 198.51.100.7:5555 accepted tcp:{'a' * MOST_LINE}:443 email: 1.bob",
    ],
)
def test_all_other_lines_tell_nothing(line: str) -> None:
    assert connections_in(line) == []


@given(st.text())
def test_no_line_is_too_strange(line: str) -> None:
    assert len(connections_in(line)) <= len(line)
