"""The HTTP edge: one ASGI app and the server under it. No rule of the shop lives here."""
