"""Owns what every kind of panel must do behind the port, as scenarios for an emulator or a real panel alike."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from app.panels.port import (
    NewPanelUser,
    Panel,
    PanelInvalid,
    PanelUser,
    PanelUserExists,
    PanelUserNotFound,
)
from app.repo.panel_sub import SubscriptionHttp
from app.services.records import PanelAccess

GIB = 2**30
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AGENT = "v2rayNG/1.9.5"


def keys_of(user: PanelUser) -> set[str]:
    """The secrets in the user's links; the links differ at every read where REALITY has several short ids."""
    return {key for link in user.links for key in UUID.findall(_opened(link))}


def _opened(link: str) -> str:
    scheme, _, rest = link.partition("://")
    return base64.b64decode(rest).decode() if scheme == "vmess" else rest


def end_in(days: int) -> datetime:
    """An instant that far from now, in whole seconds as panels keep it."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


@dataclass
class Ground:
    """A panel to try, and the names that were used on it."""

    panel: Panel
    access: PanelAccess
    http: SubscriptionHttp
    # Links are dated to the second by their panel: one told in the second of a rotation outlives it.
    grain_seconds: float = 0
    prefix: str = field(default_factory=lambda: f"orbit_try_{secrets.token_hex(4)}")
    names: list[str] = field(default_factory=list)

    def wish(self, *, days: int = 30, limit: int = 0) -> NewPanelUser:
        """A user under a name of their own."""
        name = f"{self.prefix}_{len(self.names)}"
        self.names.append(name)
        return NewPanelUser(name, end_in(days), limit, f"orbit:{len(self.names)}")

    async def made(self) -> PanelUser:
        """A user who is there."""
        return await self.panel.create_user(self.wish())

    async def now(self, user: PanelUser) -> PanelUser:
        """The user as the panel tells them now."""
        found = await self.panel.get_user(user.username)
        assert found is not None
        return found

    async def profile(self, user: PanelUser) -> str:
        """What an app gets by the user's link."""
        return (await self.http.get(self.access, user.subscription_url, AGENT, None)).body.decode()

    async def swept(self) -> None:
        """Take away whoever was made."""
        for name in self.names:
            await self.panel.delete_user(name)


async def a_user_is_made_as_wished_and_found_again(ground: Ground) -> None:
    wish = ground.wish(limit=5 * GIB)
    made = await ground.panel.create_user(wish)
    assert (made.username, made.note, made.data_limit, made.used_traffic) == (wish.username, wish.note, 5 * GIB, 0)
    assert made.expire == int((wish.expires_at or end_in(0)).timestamp())
    assert made.is_enabled
    assert keys_of(made)
    assert all("://" in link for link in made.links)
    assert made.subscription_url.startswith(("http://", "https://"))
    found = await ground.now(made)
    assert (found.remote_id, keys_of(found), found.expire) == (made.remote_id, keys_of(made), made.expire)


async def a_taken_name_is_refused_and_its_user_left_alone(ground: Ground) -> None:
    made = await ground.made()
    again = NewPanelUser(made.username, end_in(90), GIB, "somebody else's")
    with pytest.raises(PanelUserExists):
        await ground.panel.create_user(again)
    found = await ground.now(made)
    assert (found.note, found.expire, keys_of(found)) == (made.note, made.expire, keys_of(made))


async def of_ten_who_want_one_name_at_once_one_gets_it(ground: Ground) -> None:
    wish = ground.wish()
    results = await asyncio.gather(*(ground.panel.create_user(wish) for _ in range(10)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["PanelUser", *["PanelUserExists"] * 9]


async def nobody_is_none_to_read_and_an_error_to_change(ground: Ground) -> None:
    name, panel = ground.wish().username, ground.panel
    assert await panel.get_user(name) is None
    for change in (
        panel.set_expiry(name, end_in(1)),
        panel.set_limit(name, GIB),
        panel.set_enabled(name, enabled=False),
        panel.reset_usage(name),
        panel.rotate_credentials(name),
    ):
        with pytest.raises(PanelUserNotFound):
            await change


async def a_name_beyond_the_safe_ones_is_never_sent(ground: Ground) -> None:
    for name in ("ab", "Capital", "a-b", "a.b", "a@b", "а_кириллица", "x" * 33, "../admin", "a/b"):
        with pytest.raises(PanelInvalid):
            await ground.panel.create_user(NewPanelUser(name, end_in(1), 0, ""))
        with pytest.raises(PanelInvalid):
            await ground.panel.delete_user(name)


async def a_renewal_moves_the_end_and_nothing_else(ground: Ground) -> None:
    made = await ground.panel.create_user(ground.wish(limit=GIB))
    end = end_in(60)
    moved = await ground.panel.set_expiry(made.username, end)
    assert moved.expire == int(end.timestamp())
    found = await ground.now(made)
    assert (keys_of(found), found.note, found.data_limit) == (keys_of(made), made.note, GIB)
    assert (await ground.panel.set_expiry(made.username, end)).expire == moved.expire


async def who_had_ended_comes_back_with_a_new_end(ground: Ground) -> None:
    made = await ground.made()
    await ground.panel.set_expiry(made.username, end_in(-1))
    back = await ground.panel.set_expiry(made.username, end_in(30))
    assert back.is_enabled
    assert keys_of(await ground.now(made)) == keys_of(made)


async def an_end_can_be_taken_away(ground: Ground) -> None:
    if ground.panel.capabilities.never_expires:
        made = await ground.made()
        assert not (await ground.panel.set_expiry(made.username, None)).expire


async def who_is_disabled_stays_so_over_a_renewal_until_enabled(ground: Ground) -> None:
    made = await ground.made()
    assert not (await ground.panel.set_enabled(made.username, enabled=False)).is_enabled
    assert not (await ground.panel.set_expiry(made.username, end_in(60))).is_enabled
    assert (await ground.panel.set_enabled(made.username, enabled=True)).is_enabled
    assert keys_of(await ground.now(made)) == keys_of(made)


async def who_is_kept_out_has_the_reason_in_their_note(ground: Ground) -> None:
    made = await ground.made()
    out = await ground.panel.set_enabled(made.username, enabled=False, note=f"{made.note} paused")
    assert (out.is_enabled, out.note) == (False, f"{made.note} paused")
    noted = await ground.panel.set_enabled(made.username, enabled=None, note=made.note)
    assert (noted.is_enabled, noted.note) == (False, made.note)
    assert (await ground.panel.set_enabled(made.username, enabled=True)).note == made.note


async def those_of_some_names_are_found_and_nobody_else(ground: Ground) -> None:
    first, second, _third = [await ground.panel.create_user(ground.wish(limit=GIB)) for _ in range(3)]
    absent = ground.wish().username
    found = await ground.panel.named_users([first.username, second.username, absent, first.username])
    assert sorted((user.username, user.expire, user.data_limit) for user in found) == [
        (user.username, user.expire, GIB) for user in (first, second)
    ]


async def a_limit_is_set_and_taken_away(ground: Ground) -> None:
    made = await ground.made()
    assert not made.data_limit
    assert (await ground.panel.set_limit(made.username, 3 * GIB)).data_limit == 3 * GIB
    assert not (await ground.panel.set_limit(made.username, 0)).data_limit


async def usage_is_counted_from_zero(ground: Ground) -> None:
    made = await ground.made()
    assert (await ground.panel.reset_usage(made.username)).used_traffic == 0


async def every_link_that_was_told_works_until_secrets_are_rotated(ground: Ground) -> None:
    made = await ground.made()
    again = await ground.now(made)
    profile = await ground.profile(made)
    assert profile
    assert await ground.profile(again)
    await asyncio.sleep(ground.grain_seconds)
    rotated = await ground.panel.rotate_credentials(made.username)
    assert keys_of(rotated).isdisjoint(keys_of(made))
    with pytest.raises(PanelUserNotFound):
        await ground.profile(made)
    assert await ground.profile(rotated) != profile
    assert keys_of(rotated) == keys_of(await ground.now(made))


async def every_format_of_the_shop_is_known(ground: Ground) -> None:
    made = await ground.made()
    for form in ("sing-box", "clash-meta", "clash", "v2ray", "v2ray-json"):
        name = ground.panel.format_name(form)
        assert (await ground.http.get(ground.access, made.subscription_url, AGENT, name)).body


async def a_list_by_pages_has_everybody_once_in_the_order_of_names(ground: Ground) -> None:
    for _ in range(5):
        await ground.made()
    total = (await ground.panel.users(0, 1)).total
    size = 2 if total < 20 else 200
    pages = [await ground.panel.users(offset, size) for offset in range(0, total, size)]
    assert {page.total for page in pages} == {total}
    assert all(len(page.users) <= size for page in pages)
    listed = [user for page in pages for user in page.users if user.username.startswith(ground.prefix)]
    assert [user.username for user in listed] == sorted(ground.names)
    assert {user.note for user in listed} == {f"orbit:{number}" for number in range(1, 6)}
    assert all(user.expire and user.is_enabled for user in listed)


async def a_deletion_can_be_repeated(ground: Ground) -> None:
    made = await ground.made()
    await ground.panel.delete_user(made.username)
    await ground.panel.delete_user(made.username)
    assert await ground.panel.get_user(made.username) is None


async def a_name_can_be_used_again_for_somebody_new(ground: Ground) -> None:
    wish = ground.wish()
    first = await ground.panel.create_user(wish)
    await ground.panel.delete_user(wish.username)
    second = await ground.panel.create_user(wish)
    assert keys_of(second).isdisjoint(keys_of(first))


async def the_panel_tells_how_it_is_and_what_it_carries(ground: Ground) -> None:
    health = await ground.panel.health()
    assert health.is_serving
    assert any(word[0].isdigit() for word in health.product.split())
    end = datetime.now(UTC)
    load = await ground.panel.load(end - timedelta(hours=3), end)
    assert set(load.bytes_of) <= {0} | {node.id for node in load.health.nodes}


Scenario = Callable[[Ground], Awaitable[None]]
SCENARIOS: tuple[Scenario, ...] = (
    a_user_is_made_as_wished_and_found_again,
    a_taken_name_is_refused_and_its_user_left_alone,
    of_ten_who_want_one_name_at_once_one_gets_it,
    nobody_is_none_to_read_and_an_error_to_change,
    a_name_beyond_the_safe_ones_is_never_sent,
    a_renewal_moves_the_end_and_nothing_else,
    who_had_ended_comes_back_with_a_new_end,
    an_end_can_be_taken_away,
    who_is_disabled_stays_so_over_a_renewal_until_enabled,
    who_is_kept_out_has_the_reason_in_their_note,
    those_of_some_names_are_found_and_nobody_else,
    a_limit_is_set_and_taken_away,
    usage_is_counted_from_zero,
    every_link_that_was_told_works_until_secrets_are_rotated,
    every_format_of_the_shop_is_known,
    a_list_by_pages_has_everybody_once_in_the_order_of_names,
    a_deletion_can_be_repeated,
    a_name_can_be_used_again_for_somebody_new,
    the_panel_tells_how_it_is_and_what_it_carries,
)
