"""Owns the /sim API, which stands for people and for those who watch; must not be known to the bot."""
