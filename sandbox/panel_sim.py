"""Owns the doors under /sim that every panel emulator has, for the page and for tests; must not speak a panel's API."""

from abc import ABC, abstractmethod

from aiohttp import web
from pydantic import Field

from sandbox.asked import Asked, read, refusal
from sandbox.panel_asks import NodeStatus

Shown = dict[str, object]


class Power(Asked):
    """Whether the panel is up."""

    up: bool


class Carry(Asked):
    """Bytes a user transfers through a node."""

    username: str
    node: str
    bytes: int = Field(ge=0)


class NodeWish(Asked):
    """How a node should be."""

    name: str
    status: NodeStatus | None = None
    usage_coefficient: float | None = Field(default=None, gt=0)


class PanelSim(ABC):
    """The handlers of /sim; what stands behind them differs by the kind of panel."""

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.get("/sim/state", self.state),
            web.post("/sim/power", self.power),
            web.post("/sim/traffic", self.traffic),
            web.post("/sim/nodes", self.nodes),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        """Show users and nodes."""
        return web.json_response(self._state())

    async def power(self, request: web.Request) -> web.Response:
        """Take the panel down or up again."""
        up = (await read(request, Power)).up
        self._switch(up=up)
        return web.json_response({"up": up})

    async def traffic(self, request: web.Request) -> web.Response:
        """Let a user transfer bytes."""
        asked = await read(request, Carry)
        try:
            return web.json_response(self._carry(asked))
        except LookupError as error:
            raise refusal(str(error.args[0])) from error

    async def nodes(self, request: web.Request) -> web.Response:
        """Change a node by its name."""
        asked = await read(request, NodeWish)
        try:
            return web.json_response(self._node(asked))
        except LookupError as error:
            raise refusal(str(error.args[0])) from error

    @abstractmethod
    def _state(self) -> Shown:
        """Kind, name, power, users as they are by now, nodes."""

    @abstractmethod
    def _switch(self, *, up: bool) -> None:
        """Have the panel up or down."""

    @abstractmethod
    def _carry(self, asked: Carry) -> Shown:
        """The user's traffic and status afterwards; LookupError where there is no such user or node."""

    @abstractmethod
    def _node(self, asked: NodeWish) -> Shown:
        """The node as it is then; LookupError where there is none of that name."""
