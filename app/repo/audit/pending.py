"""Purchases that wait for the money of a payment: bought once, as they were shown, and with money. Queries only."""

# What came for a payment, by whatever way; what was given back of it is told elsewhere.
CAME = """
    (SELECT COALESCE(sum(credited), 0) FROM (
        SELECT credited FROM ton_transactions t WHERE t.payment_id = w.payment_id AND t.status = 'credited'
        UNION ALL SELECT credited FROM receipts r
        WHERE r.payment_id = w.payment_id AND r.status = 'credited' AND r.direction = 'in') x)"""

PENDING = {
    "every wish that was fulfilled is one sale, as it was shown": """
        SELECT 'payment ' || w.payment_id, 'sale ' || COALESCE(w.purchase_id, w.gift_id) || ', by its intent '
               || COALESCE(s.id::text, 'none')
        FROM pending_purchases w LEFT JOIN (
            SELECT id, false AS is_gift, user_id AS buyer, intent, plan_key, days, price, list_price FROM purchases
            UNION ALL SELECT id, true, giver_id, intent, plan_key, days, price, list_price FROM gifts
        ) s ON s.is_gift = w.is_gift AND s.buyer = w.user_id AND s.intent = w.intent
        WHERE w.status = 'bought' AND (s.id, s.plan_key, s.days, s.price, s.list_price) IS DISTINCT FROM
              (CASE WHEN w.is_gift THEN w.gift_id ELSE w.purchase_id END, w.plan_key, w.days, w.price, w.list_price)""",
    "every wish belongs to who the payment belongs to": """
        SELECT 'payment ' || w.payment_id, 'of ' || p.user_id || ', the wish of ' || w.user_id
        FROM pending_purchases w JOIN payments p ON p.id = w.payment_id
        WHERE p.user_id <> w.user_id OR p.created_at <> w.created_at""",
    "every wish that was looked at had money, and none waits that has": f"""
        SELECT 'payment ' || payment_id, status || ' with ' || credited || ', came ' || came FROM (
            SELECT w.*, {CAME} AS came FROM pending_purchases w) x
        WHERE CASE WHEN status IN ('waiting', 'cancelled') THEN credited <> 0
                   WHEN status IN ('due', 'short') THEN credited <> came OR came = 0
                   ELSE credited > came OR credited <= 0 END
           OR status = 'waiting' AND came <> 0
           OR status NOT IN ('waiting', 'due', 'cancelled') AND looks = 0""",  # noqa: S608 - constants
    "no wish shows a discount that is not its person's": """
        SELECT 'payment ' || w.payment_id, 'price ' || w.price || ' of ' || w.list_price || ' by use ' || u.id
        FROM pending_purchases w JOIN promo_uses u ON u.id = w.promo_use
        WHERE u.user_id <> w.user_id OR w.price <> w.list_price - floor(w.list_price * u.value) / 100""",
}
