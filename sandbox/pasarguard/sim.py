"""Owns what stands behind the doors under /sim of an emulated PasarGuard; must not speak its API."""

from dataclasses import asdict

from sandbox.panel_sim import Carry, NodeWish, PanelSim, Shown
from sandbox.pasarguard.model import Node, User
from sandbox.pasarguard.panel import Panel


class Sim(PanelSim):
    """The handlers of /sim."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def _state(self) -> Shown:
        users = [_shown(self._panel.user(name)) for name in self._panel.users]
        nodes = [asdict(node) for node in self._panel.nodes.values()]
        return {"kind": "PasarGuard", "name": self._panel.name, "up": self._panel.up, "users": users, "nodes": nodes}

    def _switch(self, *, up: bool) -> None:
        self._panel.up = up

    def _carry(self, asked: Carry) -> Shown:
        if asked.username not in self._panel.users:
            raise LookupError(f"no user {asked.username}")
        self._panel.carry(self._panel.users[asked.username], self._named(asked.node).id, asked.bytes)
        return _shown(self._panel.user(asked.username))

    def _node(self, asked: NodeWish) -> Shown:
        node = self._named(asked.name)
        node.status = asked.status or node.status
        node.usage_coefficient = asked.usage_coefficient or node.usage_coefficient
        return asdict(node)

    def _named(self, name: str) -> Node:
        for node in self._panel.nodes.values():
            if node.name == name:
                return node
        raise LookupError(f"no node {name}")


def _shown(user: User) -> Shown:
    shown = {name: getattr(user, name) for name in ("username", "status", "used_traffic", "data_limit", "note")}
    return shown | {"expire": int(user.expire.timestamp()) if user.expire else None}
