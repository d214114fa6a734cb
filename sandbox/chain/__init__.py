"""Owns the emulator of the TON network as tonapi v2 shows it; must not know who watches which wallet, or why."""

from sandbox.chain.app import create_app
from sandbox.chain.ledger import Chain

__all__ = ["Chain", "create_app"]
