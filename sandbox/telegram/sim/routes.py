"""Owns the /sim endpoints that act and tell; must not hold state of its own."""

from dataclasses import asdict

from aiohttp import web

from sandbox import asked
from sandbox.telegram import acts, checkout
from sandbox.telegram.page import invoice_view, message_view, person_view, transcript
from sandbox.telegram.sim.asking import Block, Click, Newcomer, Pay, Start, Text, number, person_of
from sandbox.telegram.telegram import Telegram


class Sim:
    """The people of one Telegram, by HTTP."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def add_routes(self, app: web.Application) -> None:
        """Serve /sim/*, faults and events excepted."""
        app.router.add_get("/sim/people", self.people)
        app.router.add_post("/sim/people", self.newcomer)
        app.router.add_get("/sim/chat", self.chat)
        app.router.add_post("/sim/message", self.message)
        app.router.add_post("/sim/start", self.start)
        app.router.add_post("/sim/click", self.click)
        app.router.add_get("/sim/invoice", self.invoice)
        app.router.add_post("/sim/pay", self.pay)
        app.router.add_get("/sim/answers", self.answers)
        app.router.add_post("/sim/block", self.block)
        app.router.add_get("/sim/file/{id}", self.file)
        app.router.add_get("/sim/transcript", self.transcript)
        app.router.add_get("/sim/calls", self.calls)
        app.router.add_post("/sim/reset", self.reset)

    async def people(self, _request: web.Request) -> web.Response:
        """List everybody."""
        return web.json_response([person_view(person) for person in self._telegram.people])

    async def newcomer(self, request: web.Request) -> web.Response:
        """Create or rename a person."""
        body = await asked.read(request, Newcomer)
        person = self._telegram.people.put(body.first_name, body.username, body.language_code, body.id)
        return web.json_response(person_view(person))

    async def chat(self, request: web.Request) -> web.Response:
        """Show a chat as its person sees it."""
        person = person_of(self._telegram, number(request, "person"))
        bot = self._telegram.bot
        name = self._telegram.profile.names.get("") or bot.first_name
        shown = [message_view(stored) for stored in person.messages.values()]
        about = {"id": bot.id, "username": bot.username, "first_name": name}
        return web.json_response({"bot": about, "messages": shown})

    async def message(self, request: web.Request) -> web.Response:
        """Send a text to the bot."""
        body = await asked.read(request, Text)
        person = person_of(self._telegram, body.person)
        try:
            stored = acts.write(self._telegram, person, body.text, body.kind, body.reply_to)
        except acts.ActError as error:
            raise asked.refusal(str(error)) from error
        return web.json_response(message_view(stored))

    async def start(self, request: web.Request) -> web.Response:
        """Press Start."""
        body = await asked.read(request, Start)
        person = person_of(self._telegram, body.person)
        try:
            stored = acts.start(self._telegram, person, body.payload)
        except acts.ActError as error:
            raise asked.refusal(str(error)) from error
        return web.json_response(message_view(stored))

    async def click(self, request: web.Request) -> web.Response:
        """Press a button; only one with data reaches the bot."""
        body = await asked.read(request, Click)
        person = person_of(self._telegram, body.person)
        try:
            button = acts.button_at(person, body.message_id, body.row, body.column)
            if button.callback_data:
                query = acts.click(self._telegram, person, body.message_id, button.callback_data)
                return web.json_response({"query_id": query.id})
        except acts.ActError as error:
            raise asked.refusal(str(error)) from error
        if button.copy_text:
            return web.json_response({"copy": button.copy_text.text})
        app_url = button.web_app.url if button.web_app else None
        login_url = button.login_url.url if button.login_url else None
        return web.json_response({"url": button.url or app_url or login_url})

    async def invoice(self, request: web.Request) -> web.Response:
        """Show what a message or a link asks for, and how many Stars the person has."""
        person = person_of(self._telegram, number(request, "person"))
        message_id = number(request, "message_id") if "message_id" in request.query else None
        try:
            found = checkout.invoice_of(self._telegram, person, message_id, request.query.get("link"))
        except acts.ActError as error:
            raise asked.refusal(str(error)) from error
        return web.json_response({**invoice_view(found), "balance": self._telegram.stars.balance(person.id)})

    async def pay(self, request: web.Request) -> web.Response:
        """Pay with Stars; the answer tells the charge, or what the payer is told instead."""
        body = await asked.read(request, Pay)
        person = person_of(self._telegram, body.person)
        try:
            invoice = checkout.invoice_of(self._telegram, person, body.message_id, body.link)
        except acts.ActError as error:
            raise asked.refusal(str(error)) from error
        done = await checkout.pay(self._telegram, person, invoice)
        return web.json_response(
            {
                "paid": done.charge is not None,
                "charge_id": done.charge.id if done.charge else None,
                "error": done.error,
                "balance": self._telegram.stars.balance(person.id),
            }
        )

    async def answers(self, request: web.Request) -> web.Response:
        """List what the bot answered to clicks."""
        person = person_of(self._telegram, number(request, "person"))
        found = self._telegram.history.answers(person.id, number(request, "after", 0))
        return web.json_response([asdict(answer) for answer in found])

    async def block(self, request: web.Request) -> web.Response:
        """Block or unblock the bot."""
        body = await asked.read(request, Block)
        person = person_of(self._telegram, body.person)
        acts.block(self._telegram, person, blocked=body.blocked)
        return web.json_response(person_view(person))

    async def file(self, request: web.Request) -> web.Response:
        """Show a photo."""
        photo = self._telegram.photos.find(request.match_info["id"])
        if photo is None:
            raise web.HTTPNotFound
        return web.Response(body=photo.body, content_type=photo.content_type)

    async def transcript(self, request: web.Request) -> web.Response:
        """Show a chat as text."""
        person = person_of(self._telegram, number(request, "person"))
        return web.Response(text=transcript(person, "bot"))

    async def calls(self, request: web.Request) -> web.Response:
        """List the bot's calls."""
        found = self._telegram.history.calls(number(request, "after", 0))
        return web.json_response([asdict(call) for call in found])

    async def reset(self, _request: web.Request) -> web.Response:
        """Begin with nobody."""
        self._telegram.reset()
        return web.json_response({})
