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
        SELECT t.key, 'credited ' || e.amount || ', receipt ' || COALESCE(r.credited::text, 'missing')
        FROM ledger_transactions t
        JOIN ledger_entries e ON e.transaction_id = t.id AND e.account LIKE 'wallet:%'
        LEFT JOIN (
            SELECT 'ton:' || hash AS name, payment_id, user_id, credited FROM ton_transactions
            UNION ALL
            SELECT gateway || ':' || key, payment_id, user_id, credited FROM receipts WHERE direction = 'in'
        ) r ON (t.key = r.name OR t.key = 'payment:' || r.payment_id) AND r.credited = e.amount
             AND 'wallet:' || r.user_id = e.account
        WHERE t.kind = 'topup' AND r.name IS NULL""",
    "every credited receipt is booked": """
        SELECT r.gateway || ':' || r.key, 'credited ' || r.credited || ', not in the ledger' FROM receipts r
        WHERE r.direction = 'in' AND r.status = 'credited' AND NOT EXISTS (
            SELECT FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE t.key IN (r.gateway || ':' || r.key, 'payment:' || r.payment_id) AND t.kind = 'topup'
              AND e.account = 'wallet:' || r.user_id AND e.amount = r.credited)""",
    "what was received was credited": """
        SELECT account, 'receipts ' || COALESCE(received, 0) || ', ledger ' || COALESCE(booked, 0) FROM (
            SELECT account, sum(credited) AS received FROM (
                SELECT 'gateway:ton' AS account, credited FROM ton_transactions
                UNION ALL SELECT 'gateway:' || gateway, credited FROM receipts) every GROUP BY account) receipts
        FULL JOIN (
            SELECT account, -sum(amount) AS booked FROM ledger_entries WHERE account LIKE 'gateway:%' GROUP BY account
        ) ledger USING (account)
        WHERE COALESCE(received, 0) <> COALESCE(booked, 0)""",
    "every receipt is credited at its worth": """
        SELECT 'receipt ' || left(hash, 12), 'credited ' || credited || ', worth ' || worth FROM (
            SELECT r.hash, r.credited, CASE
                WHEN o.key IS NOT NULL THEN o.amount
                WHEN r.at <= p.expires_at AND r.rate <> p.rate THEN -1
                WHEN r.at > p.expires_at OR p.id IS NULL OR again.key IS NOT NULL THEN v.alone
                WHEN r.nano < p.nano THEN LEAST(v.alone, p.amount)
                ELSE p.amount + floor((r.nano - p.nano) * r.rate * 0.0000001) * 0.01 END AS worth
            FROM ton_transactions r
            LEFT JOIN payments p ON p.id = r.payment_id
            LEFT JOIN ledger_transactions again ON again.key = 'ton:' || r.hash
            LEFT JOIN operator_log o ON o.key = 'ton:' || r.hash AND o.action = 'assign',
            LATERAL (SELECT floor(r.nano * r.rate * 0.0000001) * 0.01) v (alone)
            WHERE r.status = 'credited') receipts
        WHERE credited IS DISTINCT FROM worth""",
    "every receipt belongs to who opened the invoice": """
        SELECT 'receipt ' || left(r.hash, 12),
               'user ' || COALESCE(r.user_id::text, 'none') || ', invoice of ' || p.user_id
        FROM ton_transactions r JOIN payments p ON p.id = r.payment_id WHERE r.user_id IS DISTINCT FROM p.user_id""",
    "no money with the code of an invoice waits": """
        SELECT 'receipt ' || left(r.hash, 12), r.status || ', code of payment ' || i.id FROM ton_transactions r
        JOIN (SELECT id, comment, rate FROM payments
              UNION ALL SELECT payment_id, comment, rate FROM payment_tombstones) i
             ON i.comment = lower(btrim(r.comment))
        WHERE r.verdict = 'money' AND r.status <> 'credited' AND r.nano * i.rate >= 1000000000""",
    "no money is ignored": """
        SELECT 'receipt ' || left(hash, 12), nano || ' nano, ' || verdict FROM ton_transactions
        WHERE status = 'ignored' AND nano > 0 AND verdict NOT IN ('outgoing', 'bounced', 'returned', 'history')""",
    "the cursor stands at the newest receipt": """
        SELECT account, 'cursor ' || COALESCE(c.lt::text, 'missing') || ', receipts until ' || COALESCE(r.lt, 0)
        FROM (SELECT * FROM chain_cursors WHERE account <> 'stars') c
        FULL JOIN (SELECT account, max(lt) AS lt FROM ton_transactions GROUP BY account) r
             USING (account)
        WHERE c.lt IS DISTINCT FROM COALESCE(r.lt, 0)""",
    "every invoice asks for what it is worth": """
        SELECT 'payment ' || id, amount || ' for ' || nano || ' nano at ' || rate
        FROM (SELECT id, amount, nano, rate FROM payments WHERE method = 'ton'
              UNION ALL SELECT payment_id, amount, nano, rate FROM payment_tombstones WHERE method = 'ton') i
        WHERE nano % 1000000 <> 0
           OR amount * 1000000000 > nano * (rate + 0.0000005)
           OR amount * 1000000000 <= (nano - 1000000) * (rate - 0.0000005)""",
}
