"""How the Bot API emulator is spoken to: tokens, names, encodings, shapes, faults."""

import json
from collections.abc import AsyncIterator

import pytest
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiohttp import FormData

from sandbox.telegram.methods import SERVED
from tests.sandbox.bot_api import NINA, TOKEN, Json, Stage, button, keyboard, png, stage


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as ready:
        yield ready


async def _post(scene: Stage, method: str, data: object) -> Json:
    async with scene.http.post(f"/bot{TOKEN}/{method}", data=data) as response:
        answer: Json = await response.json()
    return answer


async def test_a_wrong_token_is_unauthorized(scene: Stage) -> None:
    async with scene.http.get("/bot42:other/getMe") as response:
        assert response.status == 401
        assert await response.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    async with scene.http.get("/file/bot42:other/photos/x.png") as response:
        assert response.status == 401


async def test_an_unknown_method_is_not_found(scene: Stage) -> None:
    assert await scene.refusal("sendNothing") == "Not Found: method not found"


async def test_method_names_match_in_any_case(scene: Stage) -> None:
    for name in SERVED:
        assert "method not found" not in str(await scene.call(name.upper()))


@pytest.mark.parametrize("encoding", ["query", "urlencoded", "multipart", "json"])
async def test_parameters_come_in_any_encoding(scene: Stage, encoding: str) -> None:
    markup = json.dumps(keyboard([button()]))
    params = {"chat_id": str(NINA), "text": "123", "reply_markup": markup, "disable_notification": "true"}
    if encoding == "query":
        async with scene.http.get(f"/bot{TOKEN}/sendMessage", params=params) as response:
            answer: Json = await response.json()
    elif encoding == "json":
        answer = await scene.call("sendMessage", **(params | {"reply_markup": keyboard([button()])}))
    else:
        form = FormData(params, default_to_multipart=encoding == "multipart")
        answer = await _post(scene, "sendMessage", form)
    assert answer["ok"], answer
    assert answer["result"]["text"] == "123"
    assert answer["result"]["reply_markup"] == keyboard([button()])


async def test_a_text_that_looks_like_json_stays_a_text(scene: Stage) -> None:
    for text in ("123", "true", '{"a": 1}', "null"):
        assert (await _post(scene, "sendMessage", {"chat_id": str(NINA), "text": text}))["result"]["text"] == text


async def test_a_photo_comes_directly_or_attached(scene: Stage) -> None:
    direct = FormData({"chat_id": str(NINA)})
    direct.add_field("photo", png(), filename="a.png")
    attached = FormData({"chat_id": str(NINA), "photo": "attach://part"})
    attached.add_field("part", png(), filename="a.png")
    for form in (direct, attached):
        assert (await _post(scene, "sendPhoto", form))["result"]["photo"][0]["width"] == 2


async def test_dates_are_unix_and_from_is_named_from(scene: Stage) -> None:
    scene.clock.advance(86_400)
    result = (await scene.call("sendMessage", chat_id=NINA, text="hi"))["result"]
    assert result["from"] == {"id": 42, "is_bot": True, "first_name": "OrbitVPN", "username": "orbit_sandbox_bot"}
    assert result["date"] == pytest.approx(scene.clock.timestamp(), abs=60)


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendMessage", {"chat_id": NINA, "txet": "hi"}, 'unknown parameter "txet"'),
        (
            "sendMessage",
            {"chat_id": NINA, "text": "hi", "reply_markup": {"inline_keyboard": None}},
            "must be of type Array",
        ),
        ("sendMessage", {"chat_id": NINA, "text": "hi", "reply_markup": "{"}, "can't parse reply markup JSON object"),
        ("sendMessage", {"chat_id": NINA, "text": 5}, 'field "text" must be of type String'),
        ("sendMessage", {"chat_id": NINA, "text": "\ud800"}, "strings must be encoded in UTF-8"),
        ("deleteMessage", {"chat_id": NINA}, "message identifier is not specified"),
        ("setMyCommands", {}, 'can\'t find field "commands"'),
        ("setMyCommands", {"commands": [{"command": "a"}]}, 'can\'t find field "description"'),
        ("getMe", {"verbose": True}, 'unknown parameter "verbose"'),
    ],
)
async def test_a_wrong_shape_is_refused(scene: Stage, method: str, params: Json, words: str) -> None:
    assert words in await scene.refusal(method, **params)


async def test_an_unknown_field_inside_an_object_is_refused(scene: Stage) -> None:
    markup = keyboard([{**button(), "colour": "red"}])
    words = await scene.refusal("sendMessage", chat_id=NINA, text="hi", reply_markup=markup)
    assert "reply_markup.inline_keyboard.colour" in words


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"["),
        ("application/json", b"[]"),
        ("application/x-www-form-urlencoded", b"\xff=1"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
    ],
)
async def test_a_body_that_belies_its_type_is_refused(scene: Stage, content_type: str, body: bytes) -> None:
    headers = {"Content-Type": content_type}
    async with scene.http.post(f"/bot{TOKEN}/getMe", data=body, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["ok"] is False


async def test_a_rate_limit_names_the_seconds_to_wait(scene: Stage) -> None:
    await scene.act("faults", match="sendMessage", action="rate_limit", seconds=7)
    with pytest.raises(TelegramRetryAfter) as caught:
        await scene.bot.send_message(NINA, "hi")
    assert caught.value.retry_after == 7
    await scene.bot.send_message(NINA, "hi")


async def test_a_scripted_error_has_the_form_of_telegram(scene: Stage) -> None:
    await scene.act("faults", match="*", action="error", status=502, contains="unlucky")
    await scene.bot.send_message(NINA, "lucky")
    with pytest.raises(TelegramServerError, match="Bad Gateway"):
        await scene.bot.send_message(NINA, "unlucky")


async def test_a_call_dropped_after_its_effect_is_done_and_one_dropped_before_is_not(scene: Stage) -> None:
    await scene.act("faults", match="sendMessage", action="drop_after")
    await scene.act("faults", match="sendMessage", action="drop_before")
    for text in ("done", "undone"):
        with pytest.raises(TelegramNetworkError):
            await scene.bot.send_message(NINA, text)
    assert (await scene.shown())["text"] == "done"
    calls = [call for call in await scene.ask("calls") if call["method"] == "sendMessage"]
    assert [(call["params"]["text"], call["status"]) for call in calls] == [("done", 200), ("undone", 0)]


async def test_a_hanging_call_ends_with_the_patience_of_its_client(scene: Stage) -> None:
    await scene.act("faults", match="sendMessage", action="hang")
    with pytest.raises(TelegramNetworkError, match="timeout"):
        await scene.bot.send_message(NINA, "hi", request_timeout=1)
    await scene.act("faults", match="sendMessage", action="delay", seconds=0.01)
    assert (await scene.bot.send_message(NINA, "late")).text == "late"


async def test_calls_are_listed_after_a_number(scene: Stage) -> None:
    await scene.call("getMe")
    last = (await scene.ask("calls"))[-1]
    await scene.call("getChat", chat_id=5)
    assert await scene.ask("calls", after=last["n"]) == [
        {
            "n": last["n"] + 1,
            "method": "getChat",
            "params": {"chat_id": 5},
            "status": 400,
            "problem": "Bad Request: chat not found",
        }
    ]
