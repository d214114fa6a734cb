"""Owns the emulator of one Marzban 0.8.4 panel, traps included; must not know who its clients are."""

from sandbox.marzban.app import LOGS, create_app
from sandbox.marzban.panel import Panel

__all__ = ["LOGS", "Panel", "create_app"]
