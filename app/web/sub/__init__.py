"""The subscription link: profiles for apps, a page for people."""
