"""Bugs in what of the chain is money, whose it is and what it is worth."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

ASSETS = "app/domain/assets.py"
DOMAIN = "app/domain/ton.py"
HISTORY = "app/payments/gateway/ton_history.py"
JETTON = "app/payments/gateway/ton_jetton.py"
MESSAGE = "app/payments/gateway/ton_message.py"
PAYMENTS = "app/repo/payments.py"
SETTLEMENT = "app/repo/settlement.py"
UPDATER = "app/utils/updater.py"

TEST_ASSETS = "tests/integration/test_repo_settlement_assets.py"
TEST_HISTORY = "tests/unit/test_ton_history.py"
TEST_MESSAGE = "tests/unit/test_ton_message.py"
TEST_MONEY = "tests/unit/test_ton_money.py"
TEST_PAYMENTS = "tests/integration/test_repo_payments.py"
TEST_SETTLEMENT = "tests/integration/test_repo_settlement.py"
TEST_UPDATER = "tests/integration/test_updater.py"
TEST_USDT = "tests/integration/test_usdt_history.py"
TEST_WORTH = "tests/integration/test_repo_settlement_worth.py"

CHAIN = (
    Plant(
        "expired-invoice-not-credited",
        "money that comes a second late is kept and not given",
        (f"{TEST_SETTLEMENT}::test_expired_then_paid_late_is_credited_and_confirmed",),
        edits=(
            Edit(
                SETTLEMENT,
                "p.method IN ('ton', 'usdt') AND i.is_money\n",
                "p.method IN ('ton', 'usdt') AND i.is_money AND p.status <> 'failed'\n",
            ),
        ),
    ),
    Plant(
        "late-money-at-the-old-rate",
        "who waits for the coin to fall pays less than the amount",
        (f"{TEST_SETTLEMENT}::test_late_by_the_chains_time_is_credited_at_the_rate_of_its_arrival",),
        edits=(Edit(SETTLEMENT, "i.at <= p.expires_at AND p.method = i.asset AS", "p.method = i.asset AS"),),
    ),
    Plant(
        "late-money-at-the-rate-of-now",
        "an outage of ours decides what a transfer was worth; nobody looks at its own minute",
        (
            f"{TEST_ASSETS}::test_late_money_is_worth_the_last_rate_before_its_own_minute_and_that_of_now_where_none_is_near",
        ),
        edits=(Edit(SETTLEMENT, "h.asset = c.asset AND h.at <= c.at", "h.asset = c.asset AND h.at IS NULL"),),
    ),
    Plant(
        "usdt-is-worth-as-many-nanos",
        "a dollar short is a rounding error: what is over or short is reckoned in the coin's units",
        (f"{TEST_ASSETS}::test_usdt_short_and_over_is_credited_at_the_locked_rate",),
        edits=(
            Edit(
                SETTLEMENT, "CASE asset WHEN 'usdt' THEN 0.000001 ELSE 0.000000001 END AS unit", "0.000000001 AS unit"
            ),
        ),
    ),
    Plant(
        "usdt-is-quoted-in-nanos",
        "an invoice asks for a thousand times its amount",
        (f"{TEST_ASSETS}::test_usdt_as_asked_credits_exactly_the_amount_and_is_booked_apart",),
        edits=(Edit(ASSETS, "return 1_000_000_000 if self is Asset.TON else 1_000_000", "return 1_000_000_000"),),
    ),
    Plant(
        "jetton-of-another-master-is-money",
        "notices of the wallet are believed, which a worthless jetton sends just as well",
        (f"{TEST_USDT}::test_another_jetton_of_the_same_name_never_comes_to_our_jetton_wallet",),
        edits=(
            Edit(
                HISTORY,
                "return WalletHistory(index, owner, account, Asset.USDT",
                "return WalletHistory(index, owner, owner, Asset.USDT",
            ),
            Edit(JETTON, "INTERNAL_TRANSFER = 0x178D4519", "INTERNAL_TRANSFER = 0x7362D09C"),
            Edit(JETTON, "chain = verdict_of(step, wallet.address)", "chain = Verdict.MONEY"),
            Edit(
                JETTON,
                "        body.address()  # where the change goes\n        body.coins()  # what the notice is given\n",
                "",
            ),
        ),
    ),
    Plant(
        "deadline-by-our-own-clock",
        "an outage of ours makes money late that was in time by the chain",
        (f"{TEST_SETTLEMENT}::test_late_by_the_chains_time_is_credited_at_the_rate_of_its_arrival",),
        edits=(Edit(SETTLEMENT, "i.at <= p.expires_at AND", ":now <= p.expires_at AND"),),
    ),
    Plant(
        "credit-rounded-up",
        "a kopeck too much, as often as somebody likes",
        (f"{TEST_WORTH}::test_table_of_forty_cases_is_credited_by_the_rule",),
        edits=(Edit(SETTLEMENT, "SELECT trunc(nano * rate * unit, 2)", "SELECT ceil(nano * rate * unit * 100) / 100"),),
    ),
    Plant(
        "quote-rounded-down",
        "every invoice asks for a little less than its amount",
        (f"{TEST_MONEY}::test_a_quote_is_rounded_up_to_a_thousandth_of_a_coin",),
        edits=(Edit(DOMAIN, "-(-steps.numerator // steps.denominator) *", "(steps.numerator // steps.denominator) *"),),
    ),
    Plant(
        "short-payment-is-a-whole-one",
        "one coin confirms an invoice of a hundred",
        (f"{TEST_SETTLEMENT}::test_less_than_asked_is_credited_at_what_it_is_worth",),
        edits=(Edit(SETTLEMENT, "WHEN nano < quoted THEN LEAST(worth, amount)", "WHEN nano < quoted THEN amount"),),
    ),
    Plant(
        "second-transfer-is-a-repetition",
        "who pays in two parts loses the second",
        (f"{TEST_SETTLEMENT}::test_second_transfer_for_one_invoice_is_money_too",),
        edits=(
            Edit(
                SETTLEMENT, "CASE WHEN is_first THEN as_quoted ELSE worth END", "CASE WHEN is_first THEN as_quoted END"
            ),
        ),
    ),
    Plant(
        "comment-found-inside-another-text",
        "a comment that merely holds a code pays for a stranger",
        (f"{TEST_SETTLEMENT}::test_money_without_a_known_comment_waits_for_the_operator",),
        edits=(
            Edit(SETTLEMENT, "ON p.comment = i.code AND p.method", "ON position(p.comment IN i.code) > 0 AND p.method"),
        ),
    ),
    Plant(
        "comment-compared-as-it-was-typed",
        "a wallet that adds a space or changes the case costs its owner the money",
        (f"{TEST_SETTLEMENT}::test_comment_counts_whatever_wallets_do_to_its_spaces_and_case",),
        edits=(
            Edit(
                SETTLEMENT,
                "normalised_comment(transfer.comment) if transfer.comment else None",
                "transfer.comment and transfer.comment.replace(chr(0), '').encode('utf-8', 'replace').decode()",
            ),
        ),
    ),
    Plant(
        "doubtful-transfer-matched-all-the-same",
        "what is not money credits an invoice because its comment fits",
        (f"{TEST_SETTLEMENT}::test_doubtful_transfer_with_the_right_comment_is_queued_and_never_credited",),
        edits=(Edit(SETTLEMENT, "p.method IN ('ton', 'usdt') AND i.is_money\n", "p.method IN ('ton', 'usdt')\n"),),
    ),
    Plant(
        "bounced-transfer-is-money",
        "what our own transfer brought back is credited to whoever wrote the comment",
        (f"{TEST_MESSAGE}::test_only_a_transfer_that_stayed_is_money",),
        edits=(Edit(MESSAGE, "if message.bounced:", "if message.bounced and not message.value:"),),
    ),
    Plant(
        "aborted-transaction-is-money",
        "coins that never stayed are credited",
        (f"{TEST_MESSAGE}::test_only_a_transfer_that_stayed_is_money",),
        edits=(
            Edit(
                MESSAGE,
                "Verdict.MONEY if _stayed_in_undeployed(step, message) else Verdict.ABORTED",
                "Verdict.MONEY if step.success else Verdict.ABORTED",
            ),
        ),
    ),
    Plant(
        "returned-coins-are-money",
        "coins that the wallet sent back in the same transaction are credited",
        (f"{TEST_MESSAGE}::test_only_a_transfer_that_stayed_is_money",),
        edits=(
            Edit(
                MESSAGE,
                "if step.bounce_phase == _BOUNCE_OK or any(out.bounced for out in step.out_msgs):",
                "if not step.success and step.bounce_phase == _BOUNCE_OK:",
            ),
        ),
    ),
    Plant(
        "jetton-notice-is-a-comment",
        "a worthless token whose message holds a code buys a subscription",
        (f"{TEST_MESSAGE}::test_text_inside_another_operation_is_no_comment",),
        edits=(
            Edit(MESSAGE, "if body.startswith(_TEXT_OP) else None", "if _TEXT_OP in body else None"),
            Edit(MESSAGE, "_storable(body.removeprefix(_TEXT_OP))", "_storable(body.partition(_TEXT_OP)[2])"),
        ),
    ),
    Plant(
        "gap-in-the-history-jumped",
        "what the index shows late is never read",
        (f"{TEST_HISTORY}::test_an_index_that_only_looks_back_is_walked_back_to_the_cursor",),
        edits=(
            Edit(HISTORY, "while steps[0].previous_lt > cursor:", "while False:"),
            Edit(HISTORY, "            return steps[:place]\n", "            continue\n"),
        ),
    ),
    Plant(
        "expires-while-the-chain-is-dark",
        "an outage of tonapi ends every invoice that was paid meanwhile",
        (f"{TEST_UPDATER}::test_nothing_expires_while_the_chain_can_not_be_read_and_the_outage_is_logged_once",),
        edits=(
            Edit(
                UPDATER,
                "            self._note_blindness(error)\n            self._lt = None\n            return report\n",
                "            self._note_blindness(error)\n            lag = started_at - started_at\n",
            ),
        ),
    ),
    Plant(
        "expires-at-the-very-deadline",
        "an index that lags a little lets a paid invoice die",
        (f"{TEST_PAYMENTS}::test_an_invoice_expires_only_by_a_scan_that_covers_its_deadline_with_a_margin",),
        edits=(Edit(PAYMENTS, "EXPIRY_MARGIN = timedelta(seconds=60)", "EXPIRY_MARGIN = timedelta(0)"),),
    ),
)
