"""The people of the Bot API emulator: what they see and what their own Telegram does not let them do."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse

from tests.sandbox.bot_api import NINA, Json, Stage, button, keyboard, stage


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as ready:
        yield ready


async def _news(stream: ClientResponse) -> tuple[str, Json]:
    name = ""
    async for raw in stream.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            return name, json.loads(line.removeprefix("data: "))
    raise AssertionError("the stream ended")


async def test_people_are_listed_and_renamed_without_losing_their_chat(scene: Stage) -> None:
    await scene.act("people", id=NINA, first_name="Nino", language_code="ka")
    first = (await scene.ask("people"))[0]
    assert first == {"id": NINA, "first_name": "Nino", "username": None, "language_code": "ka", "blocked": False}
    assert (await scene.shown())["text"] == "/start"
    assert (await scene.act("people", first_name="Zoe"))["id"] == 1004


async def test_everything_in_a_chat_is_streamed(scene: Stage) -> None:
    async with scene.http.get("/sim/events", params={"person": NINA}) as stream:
        sent = await scene.call("sendMessage", chat_id=NINA, text="menu", reply_markup=keyboard([button()]))
        number = sent["result"]["message_id"]
        name, message = await _news(stream)
        assert (name, message["id"], message["text"]) == ("message", number, "menu")
        click = await scene.act("click", person=NINA, message_id=number, row=0, column=0)
        await scene.call("answerCallbackQuery", callback_query_id=click["query_id"], text="ok")
        name, answer = await _news(stream)
        assert (name, answer["query_id"], answer["text"]) == ("answer", click["query_id"], "ok")
        await scene.call("sendChatAction", chat_id=NINA, action="typing")
        assert await _news(stream) == ("action", {"action": "typing"})
        await scene.call("editMessageText", chat_id=NINA, message_id=number, text="new")
        name, edited = await _news(stream)
        assert (name, edited["text"], edited["buttons"]) == ("edit", "new", [])
        await scene.call("deleteMessage", chat_id=NINA, message_id=number)
        assert await _news(stream) == ("delete", {"id": number})


async def test_buttons_that_stay_in_the_client_send_nothing(scene: Stage) -> None:
    row: list[Json] = [{"text": "u", "url": "https://a.io/"}, {"text": "c", "copy_text": {"text": "key"}}]
    sent = await scene.call("sendMessage", chat_id=NINA, text="x", reply_markup=keyboard(row))
    place = {"person": NINA, "message_id": sent["result"]["message_id"], "row": 0}
    assert await scene.act("click", column=0, **place) == {"url": "https://a.io/"}
    assert await scene.act("click", column=1, **place) == {"copy": "key"}
    assert await scene.drained() == []


async def test_a_chat_reads_as_text(scene: Stage) -> None:
    await scene.call(
        "sendMessage", chat_id=NINA, text="Hi", reply_markup=keyboard([button("A"), button("B")], [button("C")])
    )
    async with scene.http.get("/sim/transcript", params={"person": NINA}) as response:
        assert await response.text() == "Nina: /start\n\nbot: Hi\n[A] [B]\n[C]"


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("message", {"person": NINA, "text": " "}, 400),
        ("message", {"person": NINA, "text": "x" * 4097}, 400),
        ("message", {"person": 5, "text": "x"}, 404),
        ("start", {"person": NINA, "payload": "a b"}, 400),
        ("click", {"person": NINA, "message_id": 1, "row": 0, "column": 0}, 400),
        ("people", {"first_name": ""}, 400),
        ("message", {"person": NINA, "txt": "x"}, 400),
    ],
)
async def test_what_no_client_allows_is_refused(scene: Stage, act: str, body: Json, status: int) -> None:
    async with scene.http.post(f"/sim/{act}", json=body) as response:
        assert response.status == status
        assert "error" in await response.json()


async def test_a_blocked_bot_gets_nothing_until_it_is_started_again(scene: Stage) -> None:
    await scene.act("block", person=NINA, blocked=True)
    async with scene.http.post("/sim/message", json={"person": NINA, "text": "x"}) as response:
        assert response.status == 400
    await scene.act("start", person=NINA)
    assert (await scene.call("sendMessage", chat_id=NINA, text="welcome back"))["ok"]
