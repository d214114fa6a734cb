"""Emulators of the outside world that speak the real protocols over HTTP; knows nothing of the bot."""
