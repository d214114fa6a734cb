"""Payment gateways behind one small port. Knows no database, no Telegram, and never touches a balance."""
