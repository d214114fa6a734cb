"""Inline keyboards by topic; what is common to all stands in app/core/keyboards.py."""
