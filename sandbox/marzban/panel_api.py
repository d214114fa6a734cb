"""Owns the endpoints of login, nodes, system, inbounds and core; must not know users' endpoints."""

from dataclasses import asdict

from aiohttp import web

from sandbox import panel_asks
from sandbox.marzban import asks, lifecycle, query, wire
from sandbox.marzban.guard import caller, sudo
from sandbox.marzban.model import Node
from sandbox.marzban.panel import Panel


class PanelApi:
    """The handlers of the panel itself."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.post("/api/admin/token", self.token),
            web.get("/api/admin", self.admin),
            web.get("/api/system", self.system),
            web.get("/api/inbounds", self.inbounds),
            web.get("/api/core", self.core),
            web.get("/api/nodes", self.nodes),
            web.get("/api/nodes/usage", self.usage),
            web.post("/api/node", self.add),
            web.get("/api/node/{id:\\d+}", self.node),
            web.put("/api/node/{id:\\d+}", self.modify),
            web.delete("/api/node/{id:\\d+}", self.remove),
        ]

    async def token(self, request: web.Request) -> web.Response:
        """Log in by a form."""
        username, password = await panel_asks.read_login(request)
        return web.json_response({"access_token": self._panel.login(username, password), "token_type": "bearer"})

    async def admin(self, request: web.Request) -> web.Response:
        """Show who calls."""
        admin = caller(self._panel, request)
        return web.json_response({"username": admin.username, "is_sudo": admin.is_sudo})

    async def system(self, request: web.Request) -> web.Response:
        """Show load and counts of the caller's users."""
        admin = caller(self._panel, request)
        users = [u for u in self._panel.users.values() if admin.is_sudo or u.owner.username == admin.username]
        for user in users:
            lifecycle.review(self._panel, user)
        return web.json_response(wire.system(self._panel, users))

    async def inbounds(self, request: web.Request) -> web.Response:
        """List the inbounds a protocol."""
        caller(self._panel, request)
        answer: dict[str, list[dict[str, object]]] = {}
        for inbound in self._panel.inbounds:
            answer.setdefault(inbound.protocol, []).append(asdict(inbound))
        return web.json_response(answer)

    async def core(self, request: web.Request) -> web.Response:
        """Show the core."""
        caller(self._panel, request)
        return web.json_response(wire.core())

    async def nodes(self, request: web.Request) -> web.Response:
        """List the nodes, without the master and without paging."""
        sudo(self._panel, request)
        return web.json_response([wire.node(node) for node in self._panel.nodes.values()])

    async def usage(self, request: web.Request) -> web.Response:
        """Sum raw bytes a node in a window of hours, the coefficient not applied."""
        sudo(self._panel, request)
        rows = query.within(request, self._panel.traffic, self._panel.now())
        usages = self._panel.usage(rows, lambda row: {"uplink": row.uplink, "downlink": row.downlink})
        return web.json_response({"usages": usages})

    async def add(self, request: web.Request) -> web.Response:
        """Add a node; its usage_coefficient is dropped on the way, as in the panel."""
        sudo(self._panel, request)
        asked = await panel_asks.read(request, asks.NodeCreate)
        node = self._panel.add_node(asked.name, asked.address)
        node.port, node.api_port, node.own_host = asked.port, asked.api_port, asked.add_as_new_host
        return web.json_response(wire.node(node))

    async def node(self, request: web.Request) -> web.Response:
        """Show a node."""
        sudo(self._panel, request)
        return web.json_response(wire.node(self._of(request)))

    async def modify(self, request: web.Request) -> web.Response:
        """Change a node; this sets the coefficient, and a 0 is ignored."""
        sudo(self._panel, request)
        node = self._of(request)
        asked = await panel_asks.read(request, asks.NodeModify)
        node.name = asked.name or node.name
        node.address = asked.address or node.address
        node.port = asked.port or node.port
        node.api_port = asked.api_port or node.api_port
        node.usage_coefficient = asked.usage_coefficient or node.usage_coefficient
        node.status = asked.status or node.status
        return web.json_response(wire.node(node))

    async def remove(self, request: web.Request) -> web.Response:
        """Remove a node."""
        sudo(self._panel, request)
        del self._panel.nodes[self._of(request).id]
        return web.json_response({})

    def _of(self, request: web.Request) -> Node:
        return self._panel.node(int(request.match_info["id"]))
