"""What should have been done by now: for the nightly audit, whose argument $1 is the time. Queries only."""

DELAYS = {
    "no update with money lies unhandled": """
        SELECT 'update ' || update_id, attempts || ' attempts, due ' || next_attempt_at FROM money_updates
        WHERE handled_at IS NULL AND next_attempt_at < $1::timestamptz - interval '10 minutes'""",
    "no notice to a customer lies unsent": """
        SELECT 'notice ' || id, kind || ', due ' || next_attempt_at FROM notices
        WHERE sent_at IS NULL AND next_attempt_at < $1::timestamptz - interval '15 minutes'""",
    "no reminder lies unsent for more than a day": """
        SELECT 'reminder of ' || user_id, step || ', due ' || next_attempt_at FROM reminders
        WHERE attempted_at IS NULL AND next_attempt_at < $1::timestamptz - interval '25 hours'""",
    "no refund lies unfinished": """
        SELECT 'refund:' || gateway || ':' || key, 'asked for ' || asked_at FROM refunds
        WHERE status = 'open' AND asked_at < $1::timestamptz - interval '15 minutes'""",
    "no purchase whose money has come lies undone": """
        SELECT 'payment ' || payment_id, 'paid at ' || due_at FROM pending_purchases
        WHERE status = 'due' AND due_at < $1::timestamptz - interval '1 minute'""",
    "no config lies undone": """
        SELECT 'config ' || id, status || ', due ' || next_attempt_at FROM configs
        WHERE is_due AND next_attempt_at < $1::timestamptz - interval '15 minutes'""",
    "no invoice outlives its deadline by a day": """
        SELECT 'payment ' || id, method || ', until ' || expires_at FROM payments
        WHERE status = 'pending' AND expires_at < $1::timestamptz - interval '1 day'""",
}
