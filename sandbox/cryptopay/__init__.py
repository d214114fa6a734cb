"""Owns the emulator of the Crypto Pay API; must not know who sells what, or who its customers are."""

from sandbox.cryptopay.app import create_app
from sandbox.cryptopay.till import Till

__all__ = ["Till", "create_app"]
