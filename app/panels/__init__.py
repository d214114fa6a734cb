"""Choice, health and provisioning of panels: the only user of marzban_client. Knows no SQL and no Telegram."""
