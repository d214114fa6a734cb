"""Deprecated: the single-server past. Its configs stay readable and deletable; nothing new is made here."""

from __future__ import annotations

from app.repo.models import Server

__all__ = ["Server"]
