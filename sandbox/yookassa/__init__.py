"""Owns the emulator of the YooKassa API; must not know who sells what, or who its customers are."""

from sandbox.yookassa.app import create_app
from sandbox.yookassa.shop import Shop

__all__ = ["Shop", "create_app"]
