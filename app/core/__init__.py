"""The Telegram edge: parses, makes one call, renders. No rule lives here."""
