"""Purchases whose price went back because nothing was delivered: booked once, and only what was due. Queries only."""

DELIVERIES = {
    "every price that went back is booked once, to who had paid it": """
        SELECT 'undelivered:' || r.purchase_id, 'gave ' || r.amount || ', paid ' || COALESCE(p.price::text, 'nothing')
               || ', booked ' || COALESCE(b.sales, 0) || ', ' || COALESCE(b.wallet, 0) || ', ' || COALESCE(b.debts, 0)
        FROM purchase_returns r LEFT JOIN purchases p ON p.id = r.purchase_id AND p.user_id = r.user_id
        LEFT JOIN LATERAL (
            SELECT sum(e.amount) FILTER (WHERE e.account = 'sales') AS sales,
                   sum(e.amount) FILTER (WHERE e.account = 'wallet:' || r.user_id) AS wallet,
                   sum(e.amount) FILTER (WHERE e.account = 'debts') AS debts
            FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE t.key = 'undelivered:' || r.purchase_id AND t.kind = 'undelivered') b ON true
        WHERE p.price IS DISTINCT FROM r.amount OR b.sales IS DISTINCT FROM -r.amount
           OR COALESCE(b.wallet, 0) <> r.amount - r.debt OR COALESCE(b.debts, 0) <> r.debt""",
    "every booked return has its purchase": """
        SELECT t.key, 'no such return' FROM ledger_transactions t
        WHERE t.kind = 'undelivered' AND NOT EXISTS (
            SELECT FROM purchase_returns r WHERE t.key = 'undelivered:' || r.purchase_id)""",
    "no price went back for what was delivered": """
        SELECT 'undelivered:' || r.purchase_id, 'config ' || c.id || ' worked since ' || c.delivered_at
        FROM purchase_returns r JOIN purchases p ON p.id = r.purchase_id
        JOIN configs c ON c.user_id = r.user_id AND c.server_id IS NULL
        WHERE c.delivered_at < r.created_at
          AND (c.status IN ('creating', 'active') OR COALESCE(c.doomed_at, c.deleted_at) > p.created_at)""",
    "no price went back before a config was asked for": """
        SELECT 'undelivered:' || r.purchase_id, 'asked at ' || r.asked_at || ', returned at ' || r.created_at
        FROM purchase_returns r JOIN purchases p ON p.id = r.purchase_id
        WHERE r.created_at <= GREATEST(r.asked_at, p.created_at) OR r.asked_at >= p.subscription_end
           OR NOT EXISTS (SELECT FROM configs c WHERE c.user_id = r.user_id AND c.created_at = r.asked_at)""",
    "what went back took just the days that were left of the purchase": """
        SELECT 'undelivered:' || purchase_id, 'ended ' || end_before || ', ends ' || subscription_end
        FROM (
            SELECT r.*, p.days * interval '24 hours' AS bought, (
                SELECT COALESCE(sum(x.days), 0) FROM (
                    SELECT o.days FROM purchases o LEFT JOIN purchase_returns b ON b.purchase_id = o.id
                    WHERE o.user_id = r.user_id AND o.id <= r.last_purchase AND (b.id IS NULL OR b.id > r.id)
                      AND (o.created_at > p.created_at OR o.created_at = p.created_at AND o.id > p.id)
                    UNION ALL
                    SELECT g.days FROM grants g
                    WHERE g.user_id = r.user_id AND g.id <= r.last_grant AND g.created_at >= p.created_at) x
                ) * interval '24 hours' AS later
            FROM purchase_returns r JOIN purchases p ON p.id = r.purchase_id) x
        WHERE end_before - subscription_end
              <> LEAST(bought, GREATEST(interval '0', end_before - (created_at + later)))""",
    "no debt is settled twice": """
        SELECT 'user ' || r.user_id, 'settled ' || r.settled || ' of ' || COALESCE(o.debt, 0)
        FROM (SELECT user_id, sum(debt) AS settled FROM purchase_returns GROUP BY user_id) r
        LEFT JOIN (SELECT user_id, sum(debt) AS debt FROM receipts GROUP BY user_id) o ON o.user_id = r.user_id
        WHERE r.settled > COALESCE(o.debt, 0)""",
}
