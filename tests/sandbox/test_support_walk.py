"""Support inside the bot: a person's messages reach the operators' topic once, answers come back, both sides learn."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from app.locales.locales import translator
from app.services.support import MOST_MESSAGES
from sandbox.faults import Fault
from sandbox.telegram import acts, group_acts
from sandbox.telegram.groups import Group, GroupMessage, Topic
from tests.support.shop_floor import NINA, ShopFloor, button, labels, newest, shop_floor, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from sandbox.telegram.people import Person

GROUP, OLGA, MALLORY = -100500, 601, 602
EN = translator("en")


class Desk:
    """The bot with a group of operators, in which Olga is."""

    def __init__(self, floor: ShopFloor) -> None:
        self.floor = floor
        self.olga = floor.person(OLGA, "Olga")
        self.group = floor.telegram.groups.put(Group(GROUP, "Desk", members={OLGA}))

    @property
    def topic(self) -> Topic:
        """The only topic."""
        (topic,) = self.group.topics.values()
        return topic

    def said(self) -> list[str]:
        """What the bot put into the topic, the news of topics aside."""
        return [m.content.text.text for m in self._by_bot()]

    def _by_bot(self) -> list[GroupMessage]:
        return [m for m in self.group.messages.values() if m.sender is None and m.happening is None]

    async def carried(self) -> None:
        """The job has carried what is due."""
        assert self.floor.app.reception.relay is not None
        await self.floor.app.reception.relay.run()
        await self.floor.app.notifier.run_once()

    async def answers(self, words: str, **more: Any) -> GroupMessage:
        """Olga writes into the topic."""
        more = {"thread_id": self.topic.id, **more}
        stored = group_acts.write(self.floor.telegram, self.group, more.pop("person", self.olga), words, **more)
        await self.floor.deliver()
        await self.carried()
        return stored

    async def asks(self, person: Person, words: str, kind: acts.Kind = "text", reply_to: int | None = None) -> None:
        """The person writes to support."""
        acts.write(self.floor.telegram, person, words, kind, reply_to)
        await self.floor.deliver()
        await self.carried()

    async def opens(self, person: Person, subject: str = "support.vpn") -> None:
        """The person goes through the menu to where support waits for a message."""
        await self.floor.says(person, "/menu")
        for label in ("menu.help", "help.support", subject):
            await self.floor.press(person, EN.plain(label))


@asynccontextmanager
async def opened(home: Path, url: URL, redis: Redis, **more: Any) -> AsyncIterator[Desk]:
    async with shop_floor(home, url, redis, support_chat_id=GROUP, **more) as floor:
        yield Desk(floor)


@pytest.fixture
async def desk(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[Desk]:
    del database  # emptied, which is all that is wanted of it
    with capture_logs() as log:
        async with opened(tmp_path, database_url, redis) as desk:
            yield desk
    assert [line for line in log if line["log_level"] in {"error", "critical"}] == []


async def test_messages_of_any_kind_reach_the_topic_behind_a_card_and_answers_come_back(desk: Desk) -> None:
    nina = await desk.floor.customer(name="Nina <b>& Co")
    await desk.opens(nina)
    await desk.asks(nina, "it does not connect")
    assert shown(nina) == EN.plain("support.sent")
    for kind in ("photo", "document", "voice"):
        await desk.asks(nina, "", kind)
    assert desk.topic.name == f"Nina <b>& Co · {NINA}"
    card, *messages = desk.said()
    assert "Nina <b>& Co" in card
    assert f"./orbit account {NINA}" in card
    assert messages == ["it does not connect", "", "", ""]
    answer = await desk.answers("restart the app")
    assert shown(nina) == "restart the app"
    await desk.asks(nina, "that helped", reply_to=newest(nina).id)
    copy = list(desk.group.messages.values())[-1]
    assert (copy.content.text.text, copy.reply_to) == ("that helped", answer.id)
    await desk.answers("good", reply_to=copy.id)
    told = newest(nina)
    assert told.reply_to == next(m.id for m in nina.messages.values() if m.content.text.text == "that helped")


async def test_a_message_goes_on_once_however_often_its_update_comes(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.opens(nina)
    acts.write(desk.floor.telegram, nina, "help")
    (update,) = desk.floor.take()
    for number in range(3):
        await (await desk.floor.app.intake.accept({**update.body, "update_id": number + 1}))
    await desk.carried()
    assert desk.said().count("help") == 1
    answer = group_acts.write(desk.floor.telegram, desk.group, desk.olga, "yes?", thread_id=desk.topic.id)
    (update,) = desk.floor.take()
    for number in range(3):
        await (await desk.floor.app.intake.accept({**update.body, "update_id": number + 10}))
    await desk.carried()
    assert answer.content.text.text == "yes?"
    assert [m.content.text.text for m in nina.messages.values()].count("yes?") == 1


@pytest.mark.parametrize(("fault", "first"), [("error", []), ("drop_after", ["one"])])
async def test_what_telegram_does_not_take_now_is_carried_later_in_order(
    desk: Desk, fault: Any, first: list[str]
) -> None:
    """Of a copy whose answer is lost nobody can say whether it was made: it is made again rather than missed."""
    nina = await desk.floor.customer()
    await desk.opens(nina)
    desk.floor.telegram.faults.add(Fault("copyMessage", fault, times=1, status=502))
    for words in ("one", "two", "three"):
        await desk.asks(nina, words)
    assert desk.said()[1:] == first
    desk.floor.world.clock.advance(60)
    await desk.carried()
    assert desk.said()[1:] == [*first, "one", "two", "three"]


async def test_workers_side_by_side_carry_each_message_once_and_in_order(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.opens(nina)
    words = [str(number) for number in range(12)]
    for each in words:
        acts.write(desk.floor.telegram, nina, each)
    await desk.floor.deliver()
    # What one holds back the others leave alone, so each round may end early for some of them.
    while await waiting(desk):
        await asyncio.gather(*(desk.carried() for _ in range(4)))
    assert desk.said()[1:] == words
    assert len(desk.group.topics) == 1


async def waiting(desk: Desk) -> int:
    ((number,),) = await desk.floor.database.run(text("SELECT count(*) FROM support_messages WHERE status = 'due'"))
    return int(number)


async def test_a_topic_that_was_deleted_is_made_again_with_its_card(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.opens(nina)
    await desk.asks(nina, "one")
    first = desk.topic.id
    group_acts.turn(desk.floor.telegram, desk.group, desk.olga, first, "delete")
    await desk.asks(nina, "two")
    assert desk.topic.id != first
    card, words = desk.said()
    assert (str(NINA) in card, words) == (True, "two")


async def test_an_end_by_command_closes_the_topic_and_a_new_message_opens_a_new_request_in_it(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.opens(nina)
    await desk.asks(nina, "one")
    await desk.answers("/close")
    assert [topic.is_closed for topic in desk.group.topics.values()] == [True]
    assert "is closed" in shown(nina)
    assert desk.said()[-1] == "✅ Обращение закрыто, клиенту сказали."
    for said in (EN.plain("support.title"), EN.plain("topup.use_buttons")):
        await desk.asks(nina, "thanks")
        assert said.splitlines()[-1] in shown(nina)
    await desk.opens(nina, "support.other")
    await desk.asks(nina, "and another thing")
    assert not desk.topic.is_closed
    assert desk.said()[-1] == "and another thing"
    assert sum("./orbit account" in words for words in desk.said()) == 2


async def test_closing_the_topic_tells_the_person_and_an_answer_after_it_is_answered_to(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.opens(nina)
    await desk.asks(nina, "one")
    group_acts.turn(desk.floor.telegram, desk.group, desk.olga, desk.topic.id, "close")
    await desk.floor.deliver()
    await desk.carried()
    assert "is closed" in shown(nina)
    await desk.answers("one more question")
    await desk.floor.says(nina, "/menu")
    await desk.asks(nina, "ask away")
    assert desk.said()[-1] == "ask away"


async def test_the_person_can_say_that_it_is_solved_and_no_other(desk: Desk) -> None:
    nina, max_ = await desk.floor.customer(), await desk.floor.customer(502, "Max")
    await desk.opens(nina)
    await desk.asks(nina, "one")
    await desk.floor.says(nina, "/menu")
    for label in ("menu.help", "help.support"):
        await desk.floor.press(nina, EN.plain(label))
    _, data = button(nina, EN.plain("support.solved"))
    await desk.floor.click(max_, data)
    assert await open_tickets(desk) == 1
    assert shown(max_).startswith(EN.plain("error.not_found"))
    await desk.floor.click(nina, data)
    assert await open_tickets(desk) == 0
    for _ in range(2):
        await desk.carried()
    assert desk.said()[-1] == translator("ru").plain("desk.solved")
    assert desk.said().count(desk.said()[-1]) == 1
    assert desk.topic.is_closed


async def open_tickets(desk: Desk) -> int:
    ((number,),) = await desk.floor.database.run(text("SELECT count(*) FROM support_tickets WHERE closed_at IS NULL"))
    return int(number)


async def test_only_members_are_heard_and_only_in_topics_of_requests(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.opens(nina)
    await desk.asks(nina, "one")
    before = len(nina.messages)
    mallory = desk.floor.person(MALLORY, "Mallory")
    desk.group.members.add(MALLORY)
    stored = group_acts.write(desk.floor.telegram, desk.group, mallory, "psst", thread_id=desk.topic.id)
    desk.group.members.discard(MALLORY)  # gone by the time that the bot looks
    await desk.floor.deliver()
    await desk.answers("// what do we tell her?")
    await desk.answers("beside all topics", thread_id=None)
    await desk.carried()
    assert stored.content.text.text == "psst"
    assert len(nina.messages) == before
    await desk.answers("from the group itself", is_anonymous=True)
    assert shown(nina) == "from the group itself"


async def test_operators_learn_that_the_person_has_blocked_the_bot(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.opens(nina)
    await desk.asks(nina, "one")
    acts.block(desk.floor.telegram, nina, blocked=True)
    answer = await desk.answers("are you there?")
    last = list(desk.group.messages.values())[-1]
    assert last.content.text.text == translator("ru").plain("desk.person_gone")
    assert last.reply_to == answer.id


async def test_a_refund_is_asked_for_with_the_payment_and_operators_get_its_receipt(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.floor.tops_up(nina, 400)
    await desk.opens(nina, "support.payment")
    await desk.floor.press(nina, "400")
    assert "Receipt No." in shown(nina)
    await desk.asks(nina, "please refund")
    card = desk.said()[0]
    assert "Оплата или возврат" in card
    assert "Квитанция №" in card
    assert f"./orbit adjust {NINA} -400 --reason" in card


async def test_a_receipt_in_the_history_leads_to_support_with_itself(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.floor.tops_up(nina, 400)
    await desk.floor.says(nina, "/menu")
    for label in ("menu.balance", "history.open"):
        await desk.floor.press(nina, EN.plain(label))
    await desk.floor.press(nina, "1")
    assert "GRAM" in shown(nina)
    max_ = await desk.floor.customer(502, "Max")
    _, data = button(nina, EN.plain("receipt.problem"))
    await desk.floor.click(max_, data)
    assert shown(max_).startswith(EN.plain("error.not_found"))
    await desk.floor.press(nina, EN.plain("receipt.problem"))
    await desk.asks(nina, "I paid twice")
    assert "Квитанция №" in desk.said()[0]


async def test_too_many_messages_are_put_off_kindly(desk: Desk) -> None:
    nina = await desk.floor.customer()
    await desk.opens(nina)
    for number in range(MOST_MESSAGES + 1):
        await desk.floor.rested()
        await desk.floor.says(nina, str(number))
    assert shown(nina) == EN.plain("error.too_many_messages")
    ((kept,),) = await desk.floor.database.run(text("SELECT count(*) FROM support_messages"))
    assert kept == MOST_MESSAGES


async def test_who_is_banned_reads_why_and_can_still_write_to_support(desk: Desk) -> None:
    nina = await desk.floor.customer()
    assert await desk.floor.app.reception.bans.ban(NINA, "resold <b>configs</b>", "olga", days=3)
    await desk.floor.says(nina, "/menu")
    assert "resold <b>configs</b>" in shown(nina)
    assert "Opens:" in shown(nina)
    await desk.floor.click(nina, "m:home")
    assert labels(nina) == [EN.plain("help.support")]
    await desk.floor.says(nina, "/paysupport")
    assert "Questions about a payment" in shown(nina)
    for label in ("help.support", "support.other"):
        await desk.floor.press(nina, EN.plain(label))
    await desk.asks(nina, "I did not")
    assert "resold <b>configs</b>" in desk.said()[0]
    assert desk.said()[1] == "I did not"
