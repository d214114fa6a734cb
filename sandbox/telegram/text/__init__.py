"""Owns formatted text: parsing, entities, rendering; must not know messages or people."""
