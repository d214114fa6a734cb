"""The ledger by itself: movements, their accounts, and the balances that they add up to. Queries only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a movement is, by the first part of its business key; a key of another kind is an adjustment.
KINDS = {
    "payment": "topup",
    "ton": "topup",
    "usdt": "topup",
    "stars": "topup",
    "cryptobot": "topup",
    "yookassa": "topup",
    "adjust": "adjustment",
    "purchase": "purchase",
    "referral": "referral",
    "refund": "refund",
    "promo": "promo",
    "gift": "gift",
    "undelivered": "undelivered",
}
# Which accounts a movement of a kind may run between, least amount first.
SIDES = (
    ("topup", "from gateway to wallet"),
    ("purchase", "from wallet to sales"),
    ("referral", "from bonuses to wallet"),
    ("promo", "from promotions to wallet"),
    ("gift", "from wallet to sales"),
    ("undelivered", "from sales to wallet"),
    ("undelivered", "from sales to debts"),
    ("undelivered", "from sales to debts to wallet"),
    ("undelivered", "from sales to wallet to debts"),
    ("adjustment", "from adjustments to wallet"),
    ("adjustment", "from wallet to adjustments"),
    ("refund", "from wallet to gateway"),
    ("refund", "from debts to gateway"),
    ("refund", "from wallet from debts to gateway"),
    ("refund", "from debts from wallet to gateway"),
)


def rows(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs of constants as rows of SQL."""
    return ", ".join(f"('{first}', '{second}')" for first, second in pairs)


BOOKS = {
    "every movement sums to zero": """
        SELECT t.key, 'sums to ' || COALESCE(sum(e.amount), 0) FROM ledger_transactions t
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id
        GROUP BY t.id, t.key HAVING COALESCE(sum(e.amount), 1) <> 0""",
    "every line belongs to a movement": """
        SELECT 'line ' || e.id, 'of ' || e.account || ', ' || e.amount FROM ledger_entries e
        WHERE NOT EXISTS (SELECT FROM ledger_transactions t WHERE t.id = e.transaction_id)""",
    "every movement has the kind that its key says": f"""
        SELECT t.key, 'kind ' || t.kind FROM ledger_transactions t
        LEFT JOIN (VALUES {rows(KINDS.items())}) k (prefix, kind) ON k.prefix = split_part(t.key, ':', 1)
        WHERE t.kind <> COALESCE(k.kind, 'adjustment')""",  # noqa: S608 - constants
    "every movement runs between the accounts of its kind": f"""
        SELECT key, kind || ': ' || sides FROM (
            SELECT t.key, t.kind, string_agg(CASE WHEN e.amount < 0 THEN 'from ' ELSE 'to ' END
                   || split_part(e.account, ':', 1), ' ' ORDER BY e.amount) AS sides
            FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id GROUP BY t.id) m
        WHERE (kind, sides) NOT IN ({rows(SIDES)})""",  # noqa: S608 - constants
    "every wallet equals its balance": """
        SELECT 'user ' || u.tg_id, 'balance ' || u.balance || ', ledger ' || COALESCE(w.total, 0)
        FROM users u LEFT JOIN (
            SELECT a.user_id, sum(e.amount) AS total FROM ledger_entries e
            JOIN ledger_accounts a ON a.code = e.account GROUP BY a.user_id
        ) w ON w.user_id = u.tg_id
        WHERE u.balance <> COALESCE(w.total, 0)""",
    "no wallet was ever below zero": """
        SELECT account, 'was at ' || balance || ' after line ' || id FROM (
            SELECT e.id, e.account, e.amount, sum(e.amount) OVER (PARTITION BY e.account ORDER BY e.id) AS balance
            FROM ledger_entries e JOIN ledger_accounts a ON a.code = e.account AND a.user_id IS NOT NULL) chain
        WHERE balance < 0 AND amount < 0""",
    "no balance is negative": "SELECT 'user ' || tg_id, balance::text FROM users WHERE balance < 0",
    "every account has its wallet": """
        SELECT 'user ' || tg_id, 'no wallet in the ledger' FROM users
        WHERE NOT EXISTS (SELECT FROM ledger_accounts a
                          WHERE a.user_id = users.tg_id AND a.code = 'wallet:' || users.tg_id)""",
}
