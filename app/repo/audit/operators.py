"""What operators did by hand: in the log and in the books alike. Queries only."""

OPERATORS = {
    "every adjustment was an operator's": """
        SELECT t.key, e.account || ' changed by ' || e.amount || ', the log has ' || COALESCE(o.amount::text, 'none')
        FROM ledger_transactions t
        JOIN ledger_entries e ON e.transaction_id = t.id AND e.account <> 'adjustments'
        LEFT JOIN operator_log o ON o.key = t.key AND o.action = 'adjust' AND e.account = 'wallet:' || o.user_id
        WHERE t.kind = 'adjustment' AND t.key LIKE 'adjust:%' AND o.amount IS DISTINCT FROM e.amount""",
    "every act of an operator is in the books": """
        SELECT o.key, o.action || ' of ' || o.amount || ' for user ' || o.user_id || ', not in the ledger'
        FROM operator_log o
        WHERE o.action IN ('assign', 'adjust') AND NOT EXISTS (
            SELECT FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE t.key = o.key AND t.kind = CASE o.action WHEN 'assign' THEN 'topup' ELSE 'adjustment' END
              AND e.account = 'wallet:' || o.user_id AND e.amount = o.amount)""",
    "what is set aside was set aside by an operator": """
        SELECT COALESCE(r.name, o.key), COALESCE(r.status, 'missing') || ', the log has ' || COALESCE(o.action, 'none')
        FROM (
            SELECT 'ton:' || hash AS name, status FROM ton_transactions
            UNION ALL SELECT gateway || ':' || key, status FROM receipts WHERE direction = 'in') r
        FULL JOIN (SELECT key, action FROM operator_log WHERE action = 'dismiss') o ON o.key = r.name
        WHERE (r.status = 'dismissed') IS DISTINCT FROM (o.key IS NOT NULL)""",
    "no money without an invoice was given but by an operator": """
        SELECT 'ton:' || left(r.hash, 12), 'credited ' || r.credited || ' to user ' || r.user_id
        FROM ton_transactions r
        WHERE r.status = 'credited' AND r.payment_id IS NULL AND r.comment IS NULL
          AND NOT EXISTS (SELECT FROM operator_log o WHERE o.key = 'ton:' || r.hash AND o.action = 'assign')""",
}
