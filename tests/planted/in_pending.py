"""Bugs in purchases that wait for money: bought against the buyer's will, told twice, or left lying."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

PARTS = "app/repo/pending_parts.py"
RULES = "app/domain/pending.py"

TESTS = "tests/integration/test_repo_pending.py"

PENDING = (
    Plant(
        "purchase-of-a-cancelled-invoice",
        "who cancelled an invoice and had sent the money already gets a plan that they no longer want",
        (f"{TESTS}::test_money_for_a_cancelled_invoice_is_only_credited",),
        edits=(Edit(PARTS, "SET status = 'cancelled' FROM cancelled", "SET status = 'waiting' FROM cancelled"),),
    ),
    Plant(
        "purchase-of-last-week",
        "money that comes weeks late buys what nobody thinks of any more",
        (f"{TESTS}::test_late_money_buys_within_a_day_of_the_wish_by_the_chains_time[span1-late]",),
        edits=(Edit(RULES, "HONOURED = timedelta(hours=24)", "HONOURED = timedelta(days=24)"),),
    ),
    Plant(
        "payment-told-beside-its-purchase",
        "two messages come, of which one says that there is still something to buy",
        (f"{TESTS}::test_two_transfers_on_one_page_are_one_purchase_and_one_notice",),
        edits=(Edit(PARTS, "(SELECT FROM awaited WHERE", "(SELECT FROM awaited WHERE false AND"),),
    ),
    Plant(
        "price-of-yesterday",
        "a plan whose price has changed since is sold at the one that the invoice was made for",
        (f"{TESTS}::test_a_plan_that_is_sold_otherwise_by_now_is_not_bought[on_sale0-149]",),
        edits=(Edit(RULES, "moment.sold != wish.plan or", "moment.sold is None or"),),
    ),
    Plant(
        "money-wakes-nobody",
        "a plan that was paid for is bought when the next sweep finds it, and not at once",
        (f"{TESTS}::test_a_job_is_enqueued_where_money_came_for_a_wish_and_nowhere_else",),
        sql="DROP TRIGGER pending_wake ON pending_purchases",
    ),
)
