"""Money from outside: payments, receipts of the chain and of gateways. Queries only; what went back is refunds.py."""

RECEIPTS = {
    "every confirmed payment is credited once": """
        SELECT 'payment ' || p.id, count(t.id) || ' movements' FROM payments p
        LEFT JOIN ledger_transactions t ON t.key = 'payment:' || p.id
        WHERE p.status = 'confirmed' GROUP BY p.id HAVING count(t.id) <> 1""",
    "only confirmed payments are credited": """
        SELECT t.key, 'status ' || COALESCE(p.status, 'missing') FROM ledger_transactions t
        LEFT JOIN payments p ON t.key = 'payment:' || p.id
        WHERE t.key LIKE 'payment:%' AND p.status IS DISTINCT FROM 'confirmed'""",
    "every top-up has its receipt, of the same sum": """
        SELECT t.key, 'credited ' || e.amount || ', no receipt of that sum' FROM ledger_transactions t
        JOIN ledger_entries e ON e.transaction_id = t.id AND e.account LIKE 'wallet:%'
        LEFT JOIN (
            SELECT named.key, 'wallet:' || user_id AS account, credited FROM (
                SELECT asset || ':' || hash AS name, payment_id, user_id, credited FROM ton_transactions
                UNION ALL
                SELECT gateway || ':' || key, payment_id, user_id, credited FROM receipts WHERE direction = 'in'
            ) came, LATERAL (VALUES (came.name), ('payment:' || came.payment_id)) named (key)
        ) r ON r.key = t.key AND r.account = e.account AND r.credited = e.amount
        WHERE t.kind = 'topup' AND r.key IS NULL""",
    "every credited receipt is booked": """
        SELECT r.gateway || ':' || r.key, 'credited ' || r.credited || ', not in the ledger' FROM receipts r
        WHERE r.direction = 'in' AND r.status = 'credited' AND NOT EXISTS (
            SELECT FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE t.key IN (r.gateway || ':' || r.key, 'payment:' || r.payment_id) AND t.kind = 'topup'
              AND e.account = 'wallet:' || r.user_id AND e.amount = r.credited)""",
    "what was received was credited": """
        SELECT account, 'receipts ' || COALESCE(received, 0) || ', ledger ' || COALESCE(booked, 0) FROM (
            SELECT account, sum(credited) AS received FROM (
                SELECT 'gateway:' || asset AS account, credited FROM ton_transactions
                UNION ALL SELECT 'gateway:' || gateway, credited FROM receipts) every GROUP BY account) receipts
        FULL JOIN (
            SELECT account, -sum(amount) AS booked FROM ledger_entries WHERE account LIKE 'gateway:%' GROUP BY account
        ) ledger USING (account)
        WHERE COALESCE(received, 0) <> COALESCE(booked, 0)""",
    "every receipt is credited at its worth": """
        SELECT 'receipt ' || left(hash, 12), 'credited ' || credited || ', worth ' || worth FROM (
            SELECT r.hash, r.credited, CASE
                WHEN o.key IS NOT NULL THEN o.amount
                WHEN r.at <= p.expires_at AND p.method = r.asset AND r.rate <> p.rate THEN -1
                WHEN r.at > p.expires_at OR p.method <> r.asset OR p.id IS NULL OR again.key IS NOT NULL THEN v.alone
                WHEN r.nano < p.nano THEN LEAST(v.alone, p.amount)
                ELSE p.amount + floor((r.nano - p.nano) * r.rate / u.kopeck) * 0.01 END AS worth
            FROM ton_transactions r
            JOIN (VALUES ('ton', 10000000), ('usdt', 10000)) u (asset, kopeck) ON u.asset = r.asset
            LEFT JOIN payments p ON p.id = r.payment_id
            LEFT JOIN ledger_transactions again ON again.key = r.asset || ':' || r.hash
            LEFT JOIN operator_log o ON o.key = r.asset || ':' || r.hash AND o.action = 'assign',
            LATERAL (SELECT floor(r.nano * r.rate / u.kopeck) * 0.01) v (alone)
            WHERE r.status = 'credited') receipts
        WHERE credited IS DISTINCT FROM worth""",
    "every receipt belongs to who opened the invoice": """
        SELECT 'receipt ' || left(r.hash, 12),
               'user ' || COALESCE(r.user_id::text, 'none') || ', invoice of ' || p.user_id
        FROM ton_transactions r JOIN payments p ON p.id = r.payment_id WHERE r.user_id IS DISTINCT FROM p.user_id""",
    "no money with the code of an invoice waits": """
        SELECT 'receipt ' || left(r.hash, 12), r.status || ', code of payment ' || i.id FROM ton_transactions r
        JOIN (SELECT id, method, comment, rate FROM payments
              UNION ALL SELECT payment_id, method, comment, rate FROM payment_tombstones) i
             ON i.comment = lower(btrim(r.comment))
        JOIN (VALUES ('ton', 1000000000), ('usdt', 1000000)) u (asset, one) ON u.asset = r.asset
        WHERE r.verdict = 'money' AND r.status <> 'credited'
          AND r.nano * CASE WHEN i.method = r.asset THEN i.rate ELSE 1 END >= one""",
    "no money is ignored": """
        SELECT 'receipt ' || left(hash, 12), nano || ' nano, ' || verdict FROM ton_transactions
        WHERE status = 'ignored' AND (verdict = 'unreadable' OR verdict = 'notice' AND nano >= 10000000
              OR nano > 0 AND verdict NOT IN ('outgoing', 'bounced', 'returned', 'history', 'notice'))""",
    "the cursor stands at the newest receipt": """
        SELECT account, 'cursor ' || COALESCE(c.lt::text, 'missing') || ', receipts until ' || COALESCE(r.lt, 0)
        FROM (SELECT * FROM chain_cursors WHERE account <> 'stars') c
        FULL JOIN (SELECT account, max(lt) AS lt FROM ton_transactions GROUP BY account) r
             USING (account)
        WHERE c.lt IS DISTINCT FROM COALESCE(r.lt, 0)""",
    "every invoice asks for what it is worth": """
        SELECT 'payment ' || id, amount || ' for ' || nano || ' units of ' || method || ' at ' || rate
        FROM (SELECT id, method, amount, nano, rate FROM payments
              UNION ALL SELECT payment_id, method, amount, nano, rate FROM payment_tombstones) i
        JOIN (VALUES ('ton', 1000000000, 1000000), ('usdt', 1000000, 10000)) u (method, one, step) USING (method)
        WHERE nano % step <> 0
           OR amount * one > nano * (rate + 0.0000005)
           OR amount * one <= (nano - step) * (rate - 0.0000005)""",
}
