"""Rules without I/O. Standard library only; nothing here knows a database, Telegram or a panel."""
