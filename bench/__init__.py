"""Measures what the shop costs on top of bare aiogram. Nothing in app/ knows of it."""
