"""Promo codes, discounts and gifts: limits kept, money and days given once, prices added up. Queries only."""

# What was bought with or without a discount, whether for oneself or as a gift.
SOLD = """
    SELECT 'purchase ' || id AS name, user_id, price, discount, list_price, promo_use_id FROM purchases
    UNION ALL SELECT 'gift ' || id, giver_id, price, discount, list_price, promo_use_id FROM gifts
"""

PROMOS = {
    "every promo code counts its uses": """
        SELECT 'code ' || p.code, 'counts ' || p.used || ', uses ' || COALESCE(u.uses, 0) FROM promocodes p
        LEFT JOIN (SELECT code, count(*) AS uses FROM promo_uses GROUP BY code) u ON u.code = p.code
        WHERE p.used <> COALESCE(u.uses, 0)""",
    "no promo code is used beyond its limits": """
        SELECT 'code ' || p.code, 'uses ' || u.uses || ' of ' || COALESCE(p.most_uses::text, 'any number') || ', '
               || u.by_one || ' by one of ' || p.per_person
        FROM promocodes p JOIN (
            SELECT code, sum(uses) AS uses, max(uses) AS by_one, max(highest) AS highest FROM (
                SELECT code, count(*) AS uses, max(number) AS highest FROM promo_uses GROUP BY code, user_id) persons
            GROUP BY code) u ON u.code = p.code
        WHERE u.uses > p.most_uses OR u.by_one > p.per_person OR u.highest > p.per_person""",
    "every use of a promo code gives what the code says, in its time": """
        SELECT 'use ' || u.id, u.kind || ' ' || u.value || ' at ' || u.created_at || ', ' || COALESCE(p.code, 'no code')
        FROM promo_uses u LEFT JOIN promocodes p ON p.code = u.code
        WHERE (p.kind, p.value) IS DISTINCT FROM (u.kind, u.value)
           OR u.created_at < p.valid_from OR u.created_at >= p.valid_until OR u.holds_until > p.valid_until""",
    "rubles by promo codes are booked once, to who used them": """
        SELECT 'use ' || u.id, 'gives ' || u.value || ', booked ' || COALESCE(sum(e.amount), 0)
        FROM promo_uses u
        LEFT JOIN ledger_transactions t
             ON t.key = concat_ws(':', 'promo', u.code, u.user_id, u.number) AND t.kind = 'promo'
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'wallet:' || u.user_id
        WHERE u.kind = 'balance' GROUP BY u.id HAVING COALESCE(sum(e.amount), 0) <> u.value""",
    "every ruble by a promo code has its use": """
        SELECT t.key, 'no such use' FROM ledger_transactions t
        WHERE t.kind = 'promo' AND NOT EXISTS (
            SELECT FROM promo_uses u
            WHERE u.kind = 'balance' AND t.key = concat_ws(':', 'promo', u.code, u.user_id, u.number))""",
    "every discount is what its promo code promised to who bought": f"""
        SELECT s.name, s.list_price || ' less ' || s.discount || ' is ' || s.price || ', percent '
               || COALESCE(u.value::text, 'none')
        FROM ({SOLD}) s LEFT JOIN promo_uses u ON u.id = s.promo_use_id
        WHERE s.list_price IS DISTINCT FROM s.price + s.discount OR s.price <= 0
           OR s.discount <> CASE WHEN s.promo_use_id IS NULL THEN 0 ELSE trunc(s.list_price * u.value / 100, 2) END
           OR (s.promo_use_id IS NOT NULL
               AND (u.kind, u.status, u.user_id) IS DISTINCT FROM ('percent', 'used', s.user_id))""",  # noqa: S608 - constants
    "every discount that is used was spent once": f"""
        SELECT 'use ' || u.id, count(s.name) || ' purchases' FROM promo_uses u
        LEFT JOIN ({SOLD}) s ON s.promo_use_id = u.id
        WHERE u.kind = 'percent' GROUP BY u.id HAVING count(s.name) <> CASE u.status WHEN 'used' THEN 1 ELSE 0 END""",  # noqa: S608 - constants
    "only a discount waits": """
        SELECT 'use ' || id, kind || ' ' || status FROM promo_uses WHERE kind <> 'percent' AND status <> 'used'""",
    "days by promo codes are given once, to who used them": """
        SELECT 'use ' || u.id, 'gives ' || u.value || ' days, given ' || COALESCE(g.days, 0) FROM promo_uses u
        LEFT JOIN grants g ON g.key = concat_ws(':', 'promo', u.code, u.user_id, u.number)
        WHERE u.kind = 'days' AND (g.days, g.user_id) IS DISTINCT FROM (CAST(u.value AS integer), u.user_id)""",
    "every gift is paid once, by who gave it": """
        SELECT 'gift ' || g.id, 'price ' || g.price || ', booked ' || COALESCE(sum(e.amount), 0)
        FROM gifts g
        LEFT JOIN ledger_transactions t ON t.key = 'gift:' || g.id AND t.kind = 'gift'
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id
        GROUP BY g.id HAVING COALESCE(sum(e.amount) FILTER (WHERE e.account = 'sales'), 0) <> g.price
            OR COALESCE(sum(e.amount) FILTER (WHERE e.account = 'wallet:' || g.giver_id), 0) <> -g.price""",
    "every payment for a gift has its gift": """
        SELECT t.key, 'no such gift' FROM ledger_transactions t
        WHERE t.kind = 'gift' AND NOT EXISTS (SELECT FROM gifts g WHERE t.key = 'gift:' || g.id)""",
    "every gift that was redeemed gave its days once": """
        SELECT 'gift ' || f.id, f.days || ' days to ' || COALESCE(f.redeemed_by::text, 'nobody') || ', given '
               || COALESCE(g.days, 0)
        FROM gifts f LEFT JOIN grants g ON g.key = 'gift:' || f.id
        WHERE (f.redeemed_by, f.redeemed_at, CASE WHEN f.redeemed_at IS NOT NULL THEN f.days END)
              IS DISTINCT FROM (g.user_id, g.created_at, g.days)""",
    "all days that were given have their reason": """
        SELECT g.key, g.days || ' days to user ' || g.user_id FROM grants g
        WHERE NOT EXISTS (SELECT FROM gifts f WHERE g.key = 'gift:' || f.id)
          AND NOT EXISTS (SELECT FROM promo_uses u
                          WHERE u.kind = 'days' AND g.key = concat_ws(':', 'promo', u.code, u.user_id, u.number))""",
}
