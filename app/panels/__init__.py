"""The port for panels, its adapters, choice, health and provisioning. Knows no SQL and no Telegram."""
