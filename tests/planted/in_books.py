"""Bugs in the schema's keys, in locks, in what is spent and what is swept away."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

OFFERS = "app/repo/offers.py"
PAYMENTS = "app/repo/payments.py"
RECEIPTS = "app/repo/receipts.py"
SETTLEMENT = "app/repo/settlement.py"
SHOP = "app/repo/shop.py"

TEST_PAIRS = (
    "tests/integration/test_money_pairs.py::test_two_at_once_are_one_after_the_other_in_every_order_of_their_steps"
)
TEST_PAYMENTS = "tests/integration/test_repo_payments.py"
TEST_RACES = "tests/integration/test_repo_settlement_races.py"
TEST_RECEIPTS = "tests/integration/test_repo_receipts.py"
TEST_SETTLEMENT = "tests/integration/test_repo_settlement.py"
TEST_SHOP = "tests/integration/test_shop.py"
TEST_STARS = "tests/integration/test_stars.py"
TEST_WEBHOOK = "tests/integration/test_cryptobot_webhook.py"

ADVANCED_BEFORE = """Repeating a page credits nothing.\"\"\"
        await self._database.run(
            statement("INSERT INTO chain_cursors (account, lt) VALUES (:account, :lt)"
                      " ON CONFLICT (account) DO UPDATE SET lt = excluded.lt"),
            {"account": account, "lt": max((transfer.lt for transfer in transfers), default=0)})"""
BY_THE_CACHE = """
        cached = await self.get_cached(f"user:{params['tg_id']}:balance")
        if cached is not None and Money(int(cached)) < plan.price:
            raise InsufficientBalance(need=plan.price, have=Money(int(cached)))
        rows = await self.database.write(BUY, params)"""

BOOKS = (
    Plant(
        "receipts-without-a-key",
        "a charge that is told of twice is credited twice",
        (f"{TEST_WEBHOOK}::test_fifty_deliveries_at_once_credit_once",),
        edits=(Edit(RECEIPTS, "SELECT :gateway, :key, 'in'", "SELECT :gateway, :key || gen_random_uuid(), 'in'"),),
    ),
    Plant(
        "transfers-without-a-key",
        "a page of history that is read again is credited again",
        (f"{TEST_RACES}::test_history_replayed_three_times_in_any_order_changes_nothing",),
        sql="ALTER TABLE ton_transactions DROP CONSTRAINT pk_ton_transactions,"
        " DROP CONSTRAINT uq_ton_transactions_account_lt",
        shows=("IntegrityError",),
    ),
    Plant(
        "ledger-without-a-key",
        "nothing stops one event from being two movements of the ledger",
        (f"{TEST_PAIRS}[Stars charge x another Stars charge]",),
        sql="ALTER TABLE ledger_transactions DROP CONSTRAINT uq_ledger_transactions_key",
    ),
    Plant(
        "comments-without-a-key",
        "an invoice that is sent again after a lost connection is stored twice under one comment",
        (f"{TEST_PAYMENTS}::test_an_invoice_sent_twice_is_stored_once",),
        edits=(
            Edit(
                PAYMENTS,
                "ON CONFLICT (comment) DO UPDATE SET comment = excluded.comment"
                " WHERE payments.user_id = excluded.user_id\n",
                "\n",
            ),
        ),
        sql="ALTER TABLE payments DROP CONSTRAINT uq_payments_comment",
    ),
    Plant(
        "purchases-without-an-intent",
        "a double click on Buy buys twice",
        (f"{TEST_SHOP}::test_presses_of_one_button_at_once_buy_once_though_there_is_money_for_more",),
        edits=(Edit(SHOP, "FROM offer ON CONFLICT (user_id, intent) DO NOTHING", "FROM offer"),),
        sql="ALTER TABLE purchases DROP CONSTRAINT uq_purchases_user_id_intent",
    ),
    Plant(
        "balance-judged-before-the-lock",
        "two purchases at once both see the same money",
        (f"{TEST_SHOP}::test_a_purchase_that_waited_for_another_judges_what_that_left",),
        edits=(Edit(OFFERS, "AND NOT is_banned FOR NO KEY UPDATE", "AND NOT is_banned"),),
    ),
    Plant(
        "refund-without-a-lock",
        "a refund beside a purchase takes back what was just spent, and fails or leaves the wrong debt",
        (f"{TEST_RECEIPTS}::test_a_refund_that_waited_for_a_purchase_takes_back_what_that_left",),
        edits=(Edit(RECEIPTS, "back.status = 'credited' FOR UPDATE OF users", "back.status = 'credited'"),),
        shows=("IntegrityError",),
    ),
    Plant(
        "spends-by-the-cached-balance",
        "who has just topped up is told that he has not, and the other way round",
        (f"{TEST_SHOP}::test_the_cached_balance_has_no_say_in_a_purchase",),
        edits=(Edit(SHOP, "\n        rows = await self.database.write(BUY, params)", BY_THE_CACHE),),
        shows=("InsufficientBalance",),
    ),
    Plant(
        "purchase-without-a-ledger-line",
        "the balance changes and the books do not say why",
        (f"{TEST_SHOP}::test_purchase_debits_adds_to_the_time_left_and_books_both_sides",),
        edits=(Edit(OFFERS, "FROM bought RETURNING id\n", "FROM bought WHERE false RETURNING id\n"),),
    ),
    Plant(
        "bought-days-replace-those-left",
        "a renewal before the end loses the days that were paid for",
        (f"{TEST_SHOP}::test_purchase_debits_adds_to_the_time_left_and_books_both_sides",),
        edits=(Edit(SHOP, "GREATEST(COALESCE(subscription_end, :now), :now) +", ":now +"),),
    ),
    Plant(
        "cursor-moved-outside-the-transaction",
        "after a crash between the two the page is never read again, and its money is lost",
        (f"{TEST_RACES}::test_cursor_moves_only_together_with_what_it_stands_for",),
        edits=(Edit(SETTLEMENT, 'Repeating a page credits nothing."""', ADVANCED_BEFORE),),
    ),
    Plant(
        "cursor-goes-back",
        "an old page that ends late makes the whole history be read again, at every poll",
        (f"{TEST_RACES}::test_a_replayed_old_page_does_not_move_the_cursor_back",),
        edits=(Edit(SETTLEMENT, "SET lt = GREATEST(chain_cursors.lt, excluded.lt)", "SET lt = excluded.lt"),),
    ),
    Plant(
        "sweeping-takes-what-was-paid",
        "the record of a sale disappears; the database's own refusals are the last line behind it",
        (f"{TEST_PAYMENTS}::test_sweeping_leaves_tombstones_and_everything_that_money_touched",),
        edits=(
            Edit(PAYMENTS, "WHERE status = 'failed' AND created_at < :before", "WHERE created_at < :before"),
            Edit(PAYMENTS, "AND NOT EXISTS (SELECT FROM ton_transactions t WHERE t.payment_id = payments.id)", ""),
        ),
        shows=("DBAPIError", "IntegrityError", "ProgrammingError"),
    ),
    Plant(
        "sweeping-forgets-whose-it-was",
        "money that comes after the sweep finds no owner",
        (f"{TEST_PAYMENTS}::test_sweeping_leaves_tombstones_and_everything_that_money_touched",),
        edits=(
            Edit(
                PAYMENTS,
                "rate, external_id, created_at FROM gone",
                "rate, external_id, created_at FROM gone WHERE false",
            ),
        ),
    ),
    Plant(
        "open-invoices-counted-before-the-lock",
        "two presses at once open one invoice more than anybody may have",
        (f"{TEST_PAIRS}[open x open]",),
        edits=(Edit(PAYMENTS, "WHERE tg_id = :tg_id FOR NO KEY UPDATE", "WHERE tg_id = :tg_id"),),
    ),
    Plant(
        "invoices-of-anybody",
        "a payment is shown to whoever guesses its number",
        (f"{TEST_PAYMENTS}::test_anothers_invoice_is_not_found",),
        edits=(
            Edit(
                PAYMENTS,
                'WHERE id = :payment_id AND user_id = :tg_id")',
                'WHERE id = :payment_id AND :tg_id IS NOT NULL")',
            ),
        ),
    ),
    Plant(
        "cancels-anybodys-invoice",
        "a stranger closes what somebody is about to pay",
        (f"{TEST_PAYMENTS}::test_anothers_invoice_is_not_found",),
        edits=(
            Edit(
                PAYMENTS,
                "id = :payment_id AND user_id = :tg_id AND status = 'pending'",
                "id = :payment_id AND :tg_id IS NOT NULL AND status = 'pending'",
            ),
        ),
    ),
    Plant(
        "cancels-what-was-paid",
        "a status moves without looking at where it stands",
        (f"{TEST_PAYMENTS}::test_cancelling_works_once_and_only_while_pending",),
        edits=(
            Edit(PAYMENTS, "user_id = :tg_id AND status = 'pending' RETURNING id", "user_id = :tg_id RETURNING id"),
        ),
        shows=("IntegrityError",),
    ),
    Plant(
        "confirmed-and-never-told",
        "the customer pays, and hears nothing",
        (f"{TEST_SETTLEMENT}::test_paid_as_asked_credits_exactly_the_amount_confirms_and_tells",),
        edits=(
            Edit(
                SETTLEMENT,
                "message_id END, :now, :now\n        FROM paid",
                "message_id END, :now, :now\n        FROM paid WHERE false",
            ),
        ),
        shows=("ValueError",),  # no notice where one is taken out
    ),
    Plant(
        "refund-without-a-key",
        "an operator who asks twice gives back twice",
        (f"{TEST_STARS}::test_a_refund_takes_the_balance_back_once",),
        edits=(
            Edit(RECEIPTS, "SELECT :gateway, :key, 'out'", "SELECT :gateway, :key || gen_random_uuid(), 'out'"),
            Edit(
                RECEIPTS,
                "SELECT 'refund:' || :gateway || ':' || :key, 'refund', :now",
                "SELECT 'refund:' || :gateway || ':' || :key || gen_random_uuid(), 'refund', :now",
            ),
            Edit(
                RECEIPTS,
                "SELECT 'refund:' || :gateway || ':' || :key, user_id",
                "SELECT 'refund:' || :gateway || ':' || :key || gen_random_uuid(), user_id",
            ),
        ),
    ),
    Plant(
        "refund-of-spent-money-without-a-debt",
        "a wallet goes below zero, or a refund can't be booked at all",
        (f"{TEST_STARS}::test_a_refund_of_spent_money_books_a_debt",),
        edits=(Edit(RECEIPTS, "LEAST(users.balance, back.worth) AS taken", "back.worth AS taken"),),
        shows=("IntegrityError",),
    ),
)
