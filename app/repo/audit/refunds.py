"""Money that went back: refunds, the charges they reverse, and what an operator asked for. Queries only."""

REFUNDS = {
    "every refund reverses a charge, of the same person and asset": """
        SELECT o.gateway || ':' || o.key, 'took ' || COALESCE(-o.credited, 0) || ' ' || o.asset || ', of charge '
               || COALESCE(i.key, 'missing') FROM receipts o
        LEFT JOIN receipts i ON i.gateway = o.gateway AND i.key = o.charge AND i.direction = 'in'
        WHERE o.direction = 'out' AND (i.key IS NULL OR i.user_id IS DISTINCT FROM o.user_id OR i.asset <> o.asset
                                       OR o.asset_amount <= 0 OR o.debt NOT BETWEEN 0 AND COALESCE(-o.credited, 0))""",
    "no charge is given back beyond what it brought": """
        SELECT i.gateway || ':' || i.key, 'brought ' || i.credited || ', took ' || COALESCE(-sum(o.credited), 0)
        FROM receipts i
        JOIN receipts o ON o.gateway = i.gateway AND o.charge = i.key AND o.direction = 'out'
        WHERE i.direction = 'in' AND i.status = 'credited' GROUP BY i.gateway, i.key, i.direction
        HAVING sum(o.asset_amount) > i.asset_amount OR COALESCE(-sum(o.credited), 0) > i.credited
            OR sum(o.asset_amount) = i.asset_amount AND -sum(o.credited) IS DISTINCT FROM i.credited
            OR bool_or(abs(-o.credited * i.asset_amount - i.credited * o.asset_amount) > 0.01 * i.asset_amount)""",
    "no charge that was given back is credited afterwards": """
        SELECT o.gateway || ':' || o.key, 'gave back ' || i.key || ', which is credited all the same' FROM receipts o
        JOIN receipts i ON i.gateway = o.gateway AND i.key = o.charge AND i.direction = 'in'
        WHERE o.direction = 'out' AND i.status <> o.status""",
    "every refund is booked once, and what was spent is a debt": """
        SELECT 'refund:' || o.gateway || ':' || o.key, 'reversed ' || -o.credited || ', debt ' || o.debt FROM receipts o
        WHERE o.direction = 'out' AND o.status = 'credited' AND NOT EXISTS (
            SELECT FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE t.key = 'refund:' || o.gateway || ':' || o.key AND t.kind = 'refund'
            HAVING sum(e.amount) FILTER (WHERE e.account = 'gateway:' || o.gateway) = -o.credited
               AND COALESCE(-sum(e.amount) FILTER (WHERE e.account = 'debts'), 0) = o.debt
               AND COALESCE(-sum(e.amount) FILTER (WHERE e.account = 'wallet:' || o.user_id), 0) = -o.credited - o.debt
        )""",
    "every booked refund has its receipt": """
        SELECT t.key, 'no such receipt' FROM ledger_transactions t
        WHERE t.kind = 'refund' AND NOT EXISTS (
            SELECT FROM receipts o WHERE o.direction = 'out' AND o.status = 'credited'
                                     AND t.key = 'refund:' || o.gateway || ':' || o.key)""",
    "every refund that is done is in the books": """
        SELECT f.gateway || ':' || f.key, 'done, ' || COALESCE(sum(o.asset_amount), 0) || ' of ' || i.asset_amount
        FROM refunds f
        JOIN receipts i ON i.gateway = f.gateway AND i.key = f.key AND i.direction = 'in'
        LEFT JOIN receipts o ON o.gateway = f.gateway AND o.charge = f.key AND o.direction = 'out'
        WHERE f.status = 'done' GROUP BY f.gateway, f.key, i.asset_amount
        HAVING COALESCE(sum(o.asset_amount), 0) <> i.asset_amount""",
}
