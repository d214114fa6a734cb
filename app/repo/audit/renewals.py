"""What renewed itself: for one end each, in its time, of who the purchase is. Queries only."""

# The end that was renewed stands in the intent, in microseconds since 1970.
RENEWED = """
    SELECT p.id, p.user_id, p.days, p.subscription_end, p.created_at, split_part(p.intent, ':', 2) AS named,
           CASE WHEN p.intent ~ '^renew:[0-9]{1,18}:[0-9]{1,18}$' THEN timestamptz '1970-01-01 00:00+00'
                + CAST(split_part(p.intent, ':', 3) AS bigint) * interval '1 microsecond' END AS of_end
    FROM purchases p WHERE p.intent LIKE 'renew:%'
"""

RENEWALS = {
    "every renewal was made around the end that it names, for who had it": f"""
        SELECT 'purchase ' || id, 'of user ' || named || ', for ' || COALESCE(of_end::text, 'no end') || ', made '
               || created_at
        FROM ({RENEWED}) r
        WHERE of_end IS NULL OR named <> CAST(user_id AS text) OR created_at < of_end - interval '24 hours'
           OR created_at >= of_end + interval '3 days'
           OR subscription_end <> GREATEST(of_end, created_at) + days * interval '24 hours'""",  # noqa: S608 - constants
    "every renewal was told of": f"""
        SELECT 'purchase ' || r.id, 'user ' || r.user_id || ', told ' || COALESCE(n.kind || ' ' || n.recipient, 'never')
        FROM ({RENEWED}) r LEFT JOIN notices n ON n.key = 'renewed:' || r.id
        WHERE (n.kind, n.recipient) IS DISTINCT FROM ('renewed', r.user_id)""",  # noqa: S608 - constants
    "nobody was told of a renewal that was none": f"""
        SELECT n.key, 'told to user ' || n.recipient FROM notices n
        WHERE n.kind = 'renewed' AND NOT EXISTS (SELECT FROM ({RENEWED}) r WHERE n.key = 'renewed:' || r.id)""",  # noqa: S608 - constants
}
