"""Owns what stands behind the doors under /sim of an emulated Marzban; must not speak its API."""

from aiohttp import web

from sandbox.asked import Asked, read, refusal
from sandbox.marzban import lifecycle
from sandbox.marzban.logs import Logs
from sandbox.marzban.model import MASTER, Node
from sandbox.marzban.panel import Panel
from sandbox.panel_sim import Carry, NodeWish, PanelSim, Shown


class Connection(Asked):
    """Somebody comes from an address to a node, or to Master, and the core writes it into its log."""

    username: str
    node: str
    host: str


class AdminWish(Asked):
    """An admin to add, or whose password to change."""

    username: str
    password: str
    is_sudo: bool = True


class Sim(PanelSim):
    """The handlers of /sim, with what only Marzban has."""

    def __init__(self, panel: Panel, logs: Logs) -> None:
        self._panel = panel
        self._logs = logs

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        more = [web.post("/sim/connections", self.connections), web.post("/sim/admins", self.admins)]
        return [*super().routes(), *more]

    def _state(self) -> Shown:
        for user in self._panel.users.values():
            lifecycle.review(self._panel, user)
        fields = ("username", "status", "expire", "used_traffic", "data_limit", "note")
        users = [{name: getattr(user, name) for name in fields} for user in self._panel.users.values()]
        nodes = [_shown(node) for node in self._panel.nodes.values()]
        return {"kind": "Marzban", "name": self._panel.name, "up": self._panel.up, "users": users, "nodes": nodes}

    def _switch(self, *, up: bool) -> None:
        self._panel.up = up

    def _carry(self, asked: Carry) -> Shown:
        user = self._panel.users.get(asked.username)
        if user is None:
            raise LookupError(f"no user {asked.username}")
        self._panel.carry(user, asked.node, asked.bytes)
        lifecycle.review(self._panel, user)
        return {"used_traffic": user.used_traffic, "status": user.status}

    def _node(self, asked: NodeWish) -> Shown:
        """One not known yet is added."""
        known = next((node for node in self._panel.nodes.values() if node.name == asked.name), None)
        node = known or self._panel.add_node(asked.name, "198.51.100.200")
        node.status = asked.status or node.status
        node.message = "[Errno 111] Connection refused" if node.status == "error" else None
        node.usage_coefficient = asked.usage_coefficient or node.usage_coefficient
        return _shown(node)

    async def connections(self, request: web.Request) -> web.Response:
        """Let somebody connect."""
        asked = await read(request, Connection)
        found = {node.name: node.id for node in self._panel.nodes.values()}
        if asked.node != MASTER and asked.node not in found:
            raise refusal(f"no node {asked.node}")
        self._logs.connect(asked.username, found.get(asked.node), asked.host)
        return web.json_response({})

    async def admins(self, request: web.Request) -> web.Response:
        """Add an admin or change a password."""
        asked = await read(request, AdminWish)
        self._panel.set_admin(asked.username, asked.password, is_sudo=asked.is_sudo)
        return web.json_response({"username": asked.username})


def _shown(node: Node) -> Shown:
    return {
        "id": node.id,
        "name": node.name,
        "status": node.status,
        "usage_coefficient": node.usage_coefficient,
    }
