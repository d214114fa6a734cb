"""An emulator of one PasarGuard panel (API 5.2): groups instead of inbounds, users by number, a limit of devices."""

from sandbox.pasarguard.app import create_app
from sandbox.pasarguard.panel import Panel

__all__ = ["Panel", "create_app"]
