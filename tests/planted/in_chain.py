"""Bugs in what of the chain is money, whose it is and what it is worth."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

DOMAIN = "app/domain/ton.py"
HISTORY = "app/payments/gateway/ton_history.py"
MESSAGE = "app/payments/gateway/ton_message.py"
PAYMENTS = "app/repo/payments.py"
SETTLEMENT = "app/repo/settlement.py"
UPDATER = "app/utils/updater.py"

TEST_HISTORY = "tests/unit/test_ton_history.py"
TEST_MESSAGE = "tests/unit/test_ton_message.py"
TEST_MONEY = "tests/unit/test_ton_money.py"
TEST_PAYMENTS = "tests/integration/test_repo_payments.py"
TEST_SETTLEMENT = "tests/integration/test_repo_settlement.py"
TEST_UPDATER = "tests/integration/test_updater.py"
TEST_WORTH = "tests/integration/test_repo_settlement_worth.py"

CHAIN = (
    Plant(
        "expired-invoice-not-credited",
        "money that comes a second late is kept and not given",
        (TEST_SETTLEMENT,),
        edits=(
            Edit(
                SETTLEMENT,
                "p.method = 'ton' AND i.is_money\n        LEFT JOIN",
                "p.method = 'ton' AND i.is_money AND p.status <> 'failed'\n        LEFT JOIN",
            ),
        ),
    ),
    Plant(
        "late-money-at-the-old-rate",
        "who waits for the coin to fall pays less than the amount",
        (TEST_SETTLEMENT,),
        edits=(Edit(SETTLEMENT, "CASE WHEN i.at <= p.expires_at THEN p.rate", "CASE WHEN p.id > 0 THEN p.rate"),),
    ),
    Plant(
        "deadline-by-our-own-clock",
        "an outage of ours makes money late that was in time by the chain",
        (TEST_SETTLEMENT,),
        edits=(
            Edit(SETTLEMENT, "i.at <= p.expires_at AS in_time", ":now <= p.expires_at AS in_time"),
            Edit(
                SETTLEMENT, "CASE WHEN i.at <= p.expires_at THEN p.rate", "CASE WHEN :now <= p.expires_at THEN p.rate"
            ),
        ),
    ),
    Plant(
        "credit-rounded-up",
        "a kopeck too much, as often as somebody likes",
        (TEST_WORTH,),
        edits=(
            Edit(
                SETTLEMENT, "SELECT trunc(nano * rate * 0.000000001, 2)", "SELECT ceil(nano * rate * 0.0000001) / 100"
            ),
        ),
    ),
    Plant(
        "quote-rounded-down",
        "every invoice asks for a little less than its amount",
        (TEST_MONEY,),
        edits=(Edit(DOMAIN, "-(-steps.numerator // steps.denominator) *", "(steps.numerator // steps.denominator) *"),),
    ),
    Plant(
        "short-payment-is-a-whole-one",
        "one coin confirms an invoice of a hundred",
        (TEST_SETTLEMENT,),
        edits=(Edit(SETTLEMENT, "WHEN nano < quoted THEN LEAST(worth, amount)", "WHEN nano < quoted THEN amount"),),
    ),
    Plant(
        "second-transfer-is-a-repetition",
        "who pays in two parts loses the second",
        (TEST_SETTLEMENT,),
        edits=(
            Edit(
                SETTLEMENT, "CASE WHEN is_first THEN as_quoted ELSE worth END", "CASE WHEN is_first THEN as_quoted END"
            ),
        ),
    ),
    Plant(
        "comment-found-inside-another-text",
        "a comment that merely holds a code pays for a stranger",
        (TEST_SETTLEMENT,),
        edits=(
            Edit(SETTLEMENT, "ON p.comment = i.code AND p.method", "ON position(p.comment IN i.code) > 0 AND p.method"),
        ),
    ),
    Plant(
        "comment-compared-as-it-was-typed",
        "a wallet that adds a space or changes the case costs its owner the money",
        (TEST_SETTLEMENT,),
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
        (TEST_SETTLEMENT,),
        edits=(
            Edit(
                SETTLEMENT, "p.method = 'ton' AND i.is_money\n        LEFT JOIN", "p.method = 'ton'\n        LEFT JOIN"
            ),
        ),
    ),
    Plant(
        "bounced-transfer-is-money",
        "what our own transfer brought back is credited to whoever wrote the comment",
        (TEST_MESSAGE,),
        edits=(Edit(MESSAGE, "if message.bounced:", "if message.bounced and not message.value:"),),
    ),
    Plant(
        "aborted-transaction-is-money",
        "coins that never stayed are credited",
        (TEST_MESSAGE,),
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
        (TEST_MESSAGE,),
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
        (TEST_MESSAGE,),
        edits=(
            Edit(MESSAGE, "if body.startswith(_TEXT_OP) else None", "if _TEXT_OP in body else None"),
            Edit(MESSAGE, "_storable(body.removeprefix(_TEXT_OP))", "_storable(body.partition(_TEXT_OP)[2])"),
        ),
    ),
    Plant(
        "gap-in-the-history-jumped",
        "what the index shows late is never read",
        (TEST_HISTORY, "tests/integration/test_ton_gateway.py"),
        edits=(
            Edit(HISTORY, "while steps[0].previous_lt > cursor:", "while False:"),
            Edit(HISTORY, "            return steps[:place]\n", "            continue\n"),
        ),
    ),
    Plant(
        "expires-while-the-chain-is-dark",
        "an outage of tonapi ends every invoice that was paid meanwhile",
        (TEST_UPDATER,),
        edits=(
            Edit(
                UPDATER,
                "            self._note_blindness(error)\n            return report\n",
                "            self._note_blindness(error)\n            lag = started_at - started_at\n",
            ),
        ),
    ),
    Plant(
        "expires-at-the-very-deadline",
        "an index that lags a little lets a paid invoice die",
        (TEST_PAYMENTS,),
        edits=(Edit(PAYMENTS, "EXPIRY_MARGIN = timedelta(seconds=60)", "EXPIRY_MARGIN = timedelta(0)"),),
    ),
)
