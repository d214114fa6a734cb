"""Owns the /sim endpoints of groups and channels: a second chat for operators; must not hold state of its own."""

import json

from aiohttp import web
from pydantic import Field

from sandbox import asked
from sandbox.asked import Asked
from sandbox.telegram import group_acts
from sandbox.telegram.acts import ActError
from sandbox.telegram.groups import Group, GroupMessage, Kind, Standing
from sandbox.telegram.page import message_view
from sandbox.telegram.sim.asking import person_of
from sandbox.telegram.telegram import Telegram


class NewGroup(Asked):
    """A group or channel to make, or to change where the id is known."""

    id: int = Field(lt=0)
    title: str = Field(min_length=1, max_length=128)
    kind: Kind = "supergroup"
    username: str | None = None
    is_forum: bool = True
    bot: Standing = "administrator"
    members: tuple[int, ...] = ()


class GroupText(Asked):
    """A message that a member writes; without a thread it stands beside all topics."""

    group: int
    person: int
    text: str
    thread: int | None = None
    reply_to: int | None = None
    anonymous: bool = False


class TopicTurn(Asked):
    """What a member does with a topic."""

    group: int
    person: int
    thread: int
    action: group_acts.Turn


class Join(Asked):
    """Somebody who comes or goes."""

    group: int
    person: int
    joined: bool


class SimGroups:
    """The groups of one Telegram, by HTTP."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def add_routes(self, app: web.Application) -> None:
        """Serve /sim/groups and /sim/group/*."""
        app.router.add_get("/sim/groups", self.groups)
        app.router.add_post("/sim/groups", self.make)
        app.router.add_post("/sim/group/message", self.message)
        app.router.add_post("/sim/group/topic", self.topic)
        app.router.add_post("/sim/group/join", self.join)

    async def groups(self, _request: web.Request) -> web.Response:
        """Show every group with its topics and what stands in them."""
        return web.json_response([_view(group) for group in self._telegram.groups])

    async def make(self, request: web.Request) -> web.Response:
        """Make or change a group."""
        body = await asked.read(request, NewGroup)
        group = Group(body.id, body.title, body.kind, body.username, body.is_forum, body.bot, members=set(body.members))
        return web.json_response(_view(self._telegram.groups.put(group)))

    async def message(self, request: web.Request) -> web.Response:
        """Write as a member."""
        body = await asked.read(request, GroupText)
        group, person = self._group(body.group), person_of(self._telegram, body.person)
        try:
            stored = group_acts.write(
                self._telegram,
                group,
                person,
                body.text,
                thread_id=body.thread,
                reply_to=body.reply_to,
                is_anonymous=body.anonymous,
            )
        except ActError as error:
            raise asked.refusal(str(error)) from error
        return web.json_response(_message(stored))

    async def topic(self, request: web.Request) -> web.Response:
        """Close, reopen or delete a topic."""
        body = await asked.read(request, TopicTurn)
        group, person = self._group(body.group), person_of(self._telegram, body.person)
        try:
            group_acts.turn(self._telegram, group, person, body.thread, body.action)
        except ActError as error:
            raise asked.refusal(str(error)) from error
        return web.json_response(_view(group))

    async def join(self, request: web.Request) -> web.Response:
        """Come or go."""
        body = await asked.read(request, Join)
        group = self._group(body.group)
        group_acts.come(group, person_of(self._telegram, body.person), joined=body.joined)
        return web.json_response(_view(group))

    def _group(self, group_id: int) -> Group:
        group = self._telegram.groups.find(group_id)
        if group is None:
            raise web.HTTPNotFound(text=json.dumps({"error": f"no group {group_id}"}), content_type="application/json")
        return group


def _view(group: Group) -> dict[str, object]:
    return {
        "id": group.id,
        "title": group.title,
        "kind": group.kind,
        "username": group.username,
        "members": sorted(group.members),
        "topics": [{"id": topic.id, "name": topic.name, "closed": topic.is_closed} for topic in group.topics.values()],
        "messages": [_message(stored) for stored in group.messages.values()],
    }


def _message(stored: GroupMessage) -> dict[str, object]:
    who = stored.sender.first_name if stored.sender is not None else "bot"
    return {**message_view(stored), "thread": stored.thread_id, "who": who, "happening": stored.happening}
