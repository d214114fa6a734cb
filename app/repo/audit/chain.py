"""What came on the chain, by asset: whose rate it was credited at, and what can be no money. Queries only."""

CHAIN = {
    "money in time is credited at the rate of its invoice": """
        SELECT 'receipt ' || left(r.hash, 12), 'rate by ' || r.rate_source || ', invoice by ' || p.rate_source
        FROM ton_transactions r JOIN payments p ON p.id = r.payment_id
        WHERE r.at <= p.expires_at AND p.method = r.asset
          AND (r.rate_source <> p.rate_source OR r.rate_at <> p.rate_at)""",
    "late money is credited at a rate that was noted or known": """
        SELECT 'receipt ' || left(r.hash, 12), 'rate ' || r.rate || ' by ' || r.rate_source || ', noted ' || h.rub
        FROM ton_transactions r JOIN rate_history h ON h.asset = r.asset AND h.at = r.rate_at
        LEFT JOIN payments p ON p.id = r.payment_id AND r.at <= p.expires_at AND p.method = r.asset
        WHERE r.status = 'credited' AND p.id IS NULL AND h.source = r.rate_source AND h.rub <> r.rate""",
    "no late money is credited at a rate of long before or after": """
        SELECT 'receipt ' || left(r.hash, 12), 'came ' || r.at || ', rate of ' || r.rate_at
        FROM ton_transactions r
        LEFT JOIN payments p ON p.id = r.payment_id AND r.at <= p.expires_at AND p.method = r.asset
        WHERE r.status = 'credited' AND p.id IS NULL
          AND r.rate_at NOT BETWEEN r.at - interval '1 hour' AND GREATEST(r.at, r.seen_at) + interval '10 minutes'""",
    "every account takes one asset": """
        SELECT account, string_agg(DISTINCT asset, ', ') FROM ton_transactions
        GROUP BY account HAVING count(DISTINCT asset) > 1""",
    "only money is credited": """
        SELECT 'receipt ' || left(hash, 12), verdict || ' of ' || asset FROM ton_transactions
        WHERE status = 'credited' AND verdict IN (
            'mint', 'notice', 'no_transfer', 'outgoing', 'bounced', 'returned', 'aborted', 'failed', 'no_value')""",
    "every rate that was noted is one": """
        SELECT asset || ' at ' || at, rub || ' by ' || source FROM rate_history
        WHERE asset NOT IN ('ton', 'usdt') OR rub <= 0 OR source = 'constant' OR at <> date_trunc('minute', at)""",
}
