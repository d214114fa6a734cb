"""Bugs in what operators do by hand, and in the audit that watches over it all."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

NEWS = "app/repo/operator_news.py"
WAITING = "app/repo/waiting.py"

TEST_MONEY = "tests/integration/test_operator_money.py"
TEST_NEWS = "tests/integration/test_operator_news.py"

OFFICE = (
    Plant(
        "assigned-without-looking-whether-it-waits",
        "two operators at once give one transfer to two customers; the ledger's key is the last line behind it",
        (f"{TEST_MONEY}::test_of_many_operators_at_once_one_wins_and_the_others_are_told",),
        edits=(
            Edit(WAITING, "WHERE hash = :key AND status = 'unmatched' AND COALESCE", "WHERE hash = :key AND COALESCE"),
        ),
        shows=("IntegrityError",),
    ),
    Plant(
        "assigned-to-anybody",
        "money with the code of an invoice goes to whom the operator names, and its owner gets nothing",
        (f"{TEST_MONEY}::test_money_with_the_code_of_an_invoice_goes_to_its_owner_only",),
        edits=(
            Edit(WAITING, "COALESCE(user_id, :tg_id) = :tg_id RETURNING hash", ":tg_id > 0 RETURNING hash"),
            Edit("app/services/operators.py", "if money.owner not in {None, tg_id}:", "if money.owner == 0:"),
        ),
    ),
    Plant(
        "refunded-charge-assigned",
        "a charge goes back to its payer and becomes a balance as well",
        (f"{TEST_MONEY}::test_a_charge_that_is_being_given_back_is_not_given_away",),
        edits=(
            Edit(
                WAITING,
                "      AND NOT EXISTS (SELECT FROM refunds f\n"
                "                      WHERE f.gateway = :gateway AND f.key = :key AND f.status <> 'refused')\n",
                "",
            ),
        ),
    ),
    Plant(
        "adjusted-below-zero",
        "an operator's slip leaves a wallet that owes; the database's own check is the last line behind it",
        (f"{TEST_MONEY}::test_no_adjustment_takes_a_balance_below_zero_even_at_once_with_a_purchase",),
        edits=(Edit(WAITING, "WHERE tg_id = :tg_id AND balance + :amount >= 0 FOR", "WHERE tg_id = :tg_id FOR"),),
        shows=("IntegrityError", "StorageUnavailable"),
    ),
    Plant(
        "adjusted-once-more-for-the-same-key",
        "a command that is sent again after a lost answer gives the rubles again",
        (f"{TEST_MONEY}::test_an_adjustment_moves_the_balance_once_for_its_key",),
        edits=(
            Edit(
                WAITING,
                "SELECT 'adjust:' || :key, 'adjustment', :now FROM wallet ON CONFLICT (key) DO NOTHING",
                "SELECT 'adjust:' || :key || ':' || gen_random_uuid(), 'adjustment', :now FROM wallet",
            ),
        ),
    ),
    Plant(
        "every-replica-audits-the-night",
        "operators are told of every broken row as often as there are replicas",
        (f"{TEST_NEWS}::test_the_books_are_audited_once_a_night_by_many_replicas",),
        edits=(
            Edit(
                NEWS,
                "WHERE audit_runs.finished_at IS NULL AND audit_runs.started_at < :before RETURNING",
                "WHERE :before IS NOT NULL RETURNING",
            ),
        ),
    ),
    Plant(
        "assigned-by-an-old-look",
        "a charge that goes back at the provider at that moment becomes a balance as well",
        (f"{TEST_MONEY}::test_money_that_goes_back_at_the_provider_meanwhile_is_not_given_away",),
        edits=(
            Edit(
                WAITING,
                "            if not is_transfer:\n"
                "                await connection.execute(LOCK_CHARGE, _charge(money))\n",
                "",
            ),
        ),
    ),
    Plant(
        "stars-go-by-the-number-alone",
        "after a restored backup one customer's Stars pay another one's invoice",
        ("tests/integration/test_repo_receipts.py"
         "::test_a_number_that_was_given_anew_after_a_restored_backup_does_not_take_anothers_stars",),
        edits=(Edit("app/repo/receipts.py", "              AND p.user_id = COALESCE(:payer, p.user_id)\n", ""),),
    ),
    Plant(
        "a-week-is-enough",
        "what was paid while CryptoBot did not answer for longer is never looked for",
        ("tests/integration/test_cryptobot.py"
         "::test_what_came_while_crypto_pay_was_silent_for_longer_than_usual_is_found",),
        edits=(
            Edit(
                "app/payments/gateway/cryptobot_paid.py",
                "since = (self._read_at or now) - (FIRST_SPAN",
                "since = now - (FIRST_SPAN",
            ),
        ),
    ),
)
