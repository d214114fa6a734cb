"""What runs in the background, and who owns it. No rule of the shop lives here."""
