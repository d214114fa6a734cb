"""Owns the panel emulator's own doors under /sim, for the page and for tests; must not speak Marzban."""

from aiohttp import web
from pydantic import Field

from sandbox.asked import Asked, read, refusal
from sandbox.marzban import lifecycle
from sandbox.marzban.asks import NodeStatus
from sandbox.marzban.logs import Logs
from sandbox.marzban.model import MASTER, Node
from sandbox.marzban.panel import Panel


class Power(Asked):
    """Whether the panel is up."""

    up: bool


class Carry(Asked):
    """Bytes a user transfers through a node, or through Master."""

    username: str
    node: str
    bytes: int = Field(ge=0)


class Connection(Asked):
    """Somebody comes from an address to a node, or to Master, and the core writes it into its log."""

    username: str
    node: str
    host: str


class NodeWish(Asked):
    """How a node should be; one not known yet is added."""

    name: str
    status: NodeStatus | None = None
    usage_coefficient: float | None = Field(default=None, gt=0)


class AdminWish(Asked):
    """An admin to add, or whose password to change."""

    username: str
    password: str
    is_sudo: bool = True


class Sim:
    """The handlers of /sim."""

    def __init__(self, panel: Panel, logs: Logs) -> None:
        self._panel = panel
        self._logs = logs

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.get("/sim/state", self.state),
            web.post("/sim/power", self.power),
            web.post("/sim/traffic", self.traffic),
            web.post("/sim/connections", self.connections),
            web.post("/sim/nodes", self.nodes),
            web.post("/sim/admins", self.admins),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        """Show users and nodes."""
        for user in self._panel.users.values():
            lifecycle.review(self._panel, user)
        fields = ("username", "status", "expire", "used_traffic", "data_limit", "note")
        users = [{name: getattr(user, name) for name in fields} for user in self._panel.users.values()]
        nodes = [_node(node) for node in self._panel.nodes.values()]
        return web.json_response({"name": self._panel.name, "up": self._panel.up, "users": users, "nodes": nodes})

    async def power(self, request: web.Request) -> web.Response:
        """Take the panel down or up again."""
        self._panel.up = (await read(request, Power)).up
        return web.json_response({"up": self._panel.up})

    async def traffic(self, request: web.Request) -> web.Response:
        """Let a user transfer bytes."""
        asked = await read(request, Carry)
        user = self._panel.users.get(asked.username)
        if user is None:
            raise refusal(f"no user {asked.username}")
        try:
            self._panel.carry(user, asked.node, asked.bytes)
        except LookupError as error:
            raise refusal(str(error)) from error
        lifecycle.review(self._panel, user)
        return web.json_response({"used_traffic": user.used_traffic, "status": user.status})

    async def connections(self, request: web.Request) -> web.Response:
        """Let somebody connect."""
        asked = await read(request, Connection)
        found = {node.name: node.id for node in self._panel.nodes.values()}
        if asked.node != MASTER and asked.node not in found:
            raise refusal(f"no node {asked.node}")
        self._logs.connect(asked.username, found.get(asked.node), asked.host)
        return web.json_response({})

    async def nodes(self, request: web.Request) -> web.Response:
        """Change a node by its name, or add it."""
        asked = await read(request, NodeWish)
        known = next((node for node in self._panel.nodes.values() if node.name == asked.name), None)
        node = known or self._panel.add_node(asked.name, "198.51.100.200")
        node.status = asked.status or node.status
        node.message = "[Errno 111] Connection refused" if node.status == "error" else None
        node.usage_coefficient = asked.usage_coefficient or node.usage_coefficient
        return web.json_response(_node(node))

    async def admins(self, request: web.Request) -> web.Response:
        """Add an admin or change a password."""
        asked = await read(request, AdminWish)
        self._panel.set_admin(asked.username, asked.password, is_sudo=asked.is_sudo)
        return web.json_response({"username": asked.username})


def _node(node: Node) -> dict[str, object]:
    return {
        "id": node.id,
        "name": node.name,
        "status": node.status,
        "usage_coefficient": node.usage_coefficient,
    }
