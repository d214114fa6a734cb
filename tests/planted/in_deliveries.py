"""Bugs in what becomes of a purchase that is never delivered."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

DELIVERIES = "app/repo/deliveries.py"
PROVISIONING = "app/repo/provisioning.py"

TEST_DELIVERIES = "tests/integration/test_repo_deliveries.py"
TEST_LEGACY = "tests/integration/test_legacy.py"

UNDELIVERED = (
    Plant(
        "undelivered-though-it-was-used",
        "who deletes a config on the last day of a month and asks for another gets the month for nothing",
        (f"{TEST_DELIVERIES}::test_what_was_used_for_a_while_is_listed_for_the_operator_and_not_given_back",),
        edits=(Edit(DELIVERIES, "<= :before AND {UNUSED}", "<= :before"),),
    ),
    Plant(
        "undelivered-without-the-fence",
        "a worker makes the config at the moment at which its price goes back: the customer has both",
        (f"{TEST_DELIVERIES}::test_a_worker_that_was_first_has_delivered",),
        edits=(Edit(DELIVERIES, "        await connection.execute(WISHES, params)\n", ""),),
    ),
    Plant(
        "undelivered-time-is-kept",
        "the price goes back, and the subscription runs on all the same",
        (f"{TEST_DELIVERIES}::test_the_price_of_what_was_never_delivered_goes_back_once_with_its_time",),
        edits=(
            Edit(
                DELIVERIES,
                "balance + :amount - :debt, subscription_end = :subscription_end,",
                "balance + :amount - :debt, subscription_end = :end_before,",
            ),
        ),
    ),
    Plant(
        "undelivered-takes-the-days-of-others",
        "a return takes days that went by unused from the purchase behind it",
        (f"{TEST_DELIVERIES}::test_each_of_several_purchases_has_its_own_time_and_keeps_its_days",),
        edits=(
            Edit(
                DELIVERIES,
                ":now + later.days * interval '24 hours')) AS subscription_end",
                ":now)) AS subscription_end",
            ),
        ),
    ),
    Plant(
        "undelivered-pays-who-owes",
        "a charge goes back to the card, and what it had paid for comes back to the balance",
        (f"{TEST_DELIVERIES}::test_what_a_refund_had_left_open_is_settled_first[129-0]",),
        edits=(Edit(DELIVERIES, "GREATEST(0, LEAST(sold.price, owed.debt)) AS debt", "0 * owed.debt AS debt"),),
    ),
    Plant(
        "moved-config-keeps-its-old-link",
        "a bot that dies after making a moved config's user takes it for made: the customer keeps a dead link",
        (f"{TEST_LEGACY}::test_it_moves_to_a_panel_under_the_same_row_and_link_and_its_owner_is_told_once",),
        edits=(Edit(PROVISIONING, "moved_from IS NOT NULL AND delivered_at IS NULL AS", "false AS"),),
    ),
)
