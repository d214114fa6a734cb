"""Bugs around Crypto Pay and Telegram Stars: signatures, what is believed, what is asked, by which key it is booked."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

CRYPTOBOT = "app/payments/gateway/cryptobot.py"
CRYPTOPAY = "app/payments/gateway/cryptopay.py"
MARKS = "app/payments/gateway/marks.py"
MONEY_UPDATES = "app/core/money_updates.py"
RECEIPTS = "app/repo/receipts.py"
RECONCILIATION = "app/services/receipts.py"
STARS = "app/services/stars.py"
STAR_RULES = "app/domain/stars.py"
WEBHOOK = "app/payments/gateway/cryptobot_webhook.py"

TEST_CRYPTOBOT = "tests/integration/test_cryptobot.py"
TEST_MONEY_UPDATES = "tests/integration/test_money_updates.py"
TEST_RECEIPTS = "tests/integration/test_repo_receipts.py"
TEST_STARS = "tests/integration/test_stars.py"
TEST_WEBHOOK = "tests/integration/test_cryptobot_webhook.py"

ADVANCED_FIRST = """            await self._store.advance(end, self._clock.now())
            for row in await self._store.unknown(page.rows):
"""

GATEWAYS = (
    Plant(
        "signature-not-checked",
        "anybody who knows the address tops up for free",
        (f"{TEST_WEBHOOK}::test_what_is_not_signed_as_it_stands_is_refused_with_one_line_without_secrets",),
        edits=(
            Edit(
                CRYPTOBOT,
                "if not self._signature.fits(notification.body, notification.headers):",
                "if not notification.body:",
            ),
        ),
    ),
    Plant(
        "signature-compared-as-text",
        "a header with one strange letter is an error of ours, which the provider repeats",
        (f"{TEST_WEBHOOK}::test_what_is_not_signed_as_it_stands_is_refused_with_one_line_without_secrets",),
        edits=(
            Edit(
                WEBHOOK,
                "compare_digest(given, made)",
                "compare_digest(given.decode('utf-8', 'surrogateescape'), made.decode())",
            ),
        ),
    ),
    Plant(
        "signature-over-json-written-anew",
        "what was signed and what is read are no longer the same bytes",
        (f"{TEST_WEBHOOK}::test_what_is_not_signed_as_it_stands_is_refused_with_one_line_without_secrets",),
        edits=(
            Edit(WEBHOOK, "import hmac\n", "import hmac\nimport json\n"),
            Edit(
                WEBHOOK,
                "made = hmac.new(self._key, body,",
                "body = _anew(body)\n        made = hmac.new(self._key, body,",
            ),
            Edit(
                WEBHOOK,
                "class Signature:",
                "def _anew(body: bytes) -> bytes:\n"
                "    try:\n        return json.dumps(json.loads(body), separators=(',', ':')).encode()\n"
                "    except ValueError:\n        return body\n\n\nclass Signature:",
            ),
        ),
    ),
    Plant(
        "notification-is-believed",
        "a signed message of before, or of another app, says what is credited",
        (
            f"{TEST_WEBHOOK}::test_signed_news_that_differ_from_what_crypto_pay_says_when_asked_are_told_and_change_nothing",
        ),
        edits=(Edit(CRYPTOBOT, "known = await self._asked_again(told.invoice_id)", "known = told"),),
    ),
    Plant(
        "amount-of-the-notification-is-believed",
        "Crypto Pay is asked, and then its answer is not looked at",
        (
            f"{TEST_WEBHOOK}::test_signed_news_that_differ_from_what_crypto_pay_says_when_asked_are_told_and_change_nothing",
        ),
        edits=(
            Edit(CRYPTOBOT, "if differing := differences(told, known):", "if differing := differences(told, told):"),
            Edit(CRYPTOBOT, "[await self._event(known)] if known.is_paid", "[await self._event(told)] if told.is_paid"),
        ),
    ),
    Plant(
        "seal-of-an-invoice-not-checked",
        "an invoice of another installation, or over another sum, credits a customer here",
        (f"{TEST_CRYPTOBOT}::test_what_an_invoice_carries_is_good_for_its_own_sum_only",),
        edits=(
            Edit(
                MARKS,
                'hmac.compare_digest(form["seal"], self._seal(payment_id, owner, amount))',
                'len(form["seal"]) == len(self._seal(payment_id, owner, amount))',
            ),
        ),
    ),
    Plant(
        "expires-while-the-provider-is-silent",
        "an outage of the provider ends invoices that were paid",
        (f"{TEST_CRYPTOBOT}::test_while_crypto_pay_is_away_nothing_expires_and_afterwards_all_is_credited",),
        edits=(
            Edit(
                RECONCILIATION,
                "reason=str(silence))\n            return 0",
                "reason=str(silence))\n            events = ()",
            ),
        ),
    ),
    Plant(
        "making-an-invoice-is-repeated",
        "what was made although its answer was lost is made again: two invoices, both of which can be paid",
        (f"{TEST_CRYPTOBOT}::test_an_invoice_whose_making_was_never_answered_is_found_by_what_it_carries",),
        edits=(Edit(CRYPTOPAY, "attempts=1, wish=wish", "attempts=ATTEMPTS, wish=wish"),),
    ),
    Plant(
        "late-charge-not-credited",
        "who pays at the last moment pays for nothing",
        (f"{TEST_CRYPTOBOT}::test_an_unpaid_invoice_expires_and_one_paid_late_is_credited_all_the_same",),
        edits=(
            Edit(
                RECEIPTS,
                "WHERE p.method = :gateway AND (p.id",
                "WHERE p.status = 'pending' AND p.method = :gateway AND (p.id",
            ),
        ),
    ),
    Plant(
        "any-sum-confirms-an-invoice",
        "one Star pays for a hundred",
        (f"{TEST_RECEIPTS}::test_a_charge_of_another_sum_than_was_asked_brings_what_it_is_worth",),
        edits=(Edit(RECEIPTS, "WHEN claim.is_first AND claim.asked = :asset_amount THEN", "WHEN claim.is_first THEN"),),
    ),
    Plant(
        "payload-is-the-key-of-a-charge",
        "an old link that is paid again brings nothing",
        (f"{TEST_STARS}::test_charges_whose_updates_were_lost_are_found_by_reconciliation",),
        edits=(Edit(STARS, "self._event(row.key, row.payer", "self._event(row.payload, row.payer"),),
    ),
    Plant(
        "checkout-always-agrees",
        "strangers and the late pay for what is closed",
        (f"{TEST_STARS}::test_an_expired_invoice_is_refused_before_the_reconciliation_ends_it",),
        edits=(Edit(MONEY_UPDATES, "ok=refusal is None,", "ok=True,"),),
    ),
    Plant(
        "checkout-for-anybody",
        "somebody else's Stars go into a wallet that is not theirs",
        (f"{TEST_STARS}::test_a_foreign_payer_is_refused_in_their_own_language",),
        edits=(Edit(STAR_RULES, "if asked.owner != payer:", "if asked.owner != payer and asked.stars is None:"),),
    ),
    Plant(
        "checkout-after-the-deadline",
        "an invoice that has expired is taken at its old price",
        (f"{TEST_STARS}::test_an_expired_invoice_is_refused_before_the_reconciliation_ends_it",),
        edits=(Edit(STAR_RULES, " or now > asked.expires_at", ""),),
    ),
    Plant(
        "currency-not-looked-at",
        "a hundred of something else counts as a hundred Stars",
        (f"{TEST_MONEY_UPDATES}::test_a_charge_in_another_currency_waits_for_the_operator",),
        edits=(Edit(STARS, "if update.currency != CURRENCY:", "if not update.currency:"),),
    ),
    Plant(
        "list-of-charges-passed-before-it-is-booked",
        "a crash in the middle of a page leaves its charges behind for ever",
        (f"{TEST_STARS}::test_a_page_of_the_list_that_was_not_booked_to_its_end_is_read_again",),
        edits=(
            Edit(STARS, "            for row in await self._store.unknown(page.rows):\n", ADVANCED_FIRST),
            # What is read again is as long as a page, and would make good for it.
            Edit(STARS, "OVERLAP = 100\n", "OVERLAP = 0\n"),
        ),
    ),
    Plant(
        "charge-acknowledged-before-it-is-kept",
        "Telegram forgets what nobody has written down",
        (f"{TEST_MONEY_UPDATES}::test_a_charge_that_can_not_be_kept_is_not_acknowledged",),
        edits=(Edit(MONEY_UPDATES, "return update.kind is MoneyKind.CHECKOUT", "return True"),),
    ),
    Plant(
        "charge-put-aside-before-it-is-booked",
        "one that fails is never taken up again",
        (f"{TEST_MONEY_UPDATES}::test_a_charge_whose_handling_fails_stays_due_and_is_taken_up_again",),
        edits=(
            Edit(
                MONEY_UPDATES,
                "        if update.kind is MoneyKind.CHECKOUT:\n            await self._answer",
                "        await self._store.handled(update.update_id, self._clock.now())\n"
                "        if update.kind is MoneyKind.CHECKOUT:\n            await self._answer",
            ),
        ),
    ),
    Plant(
        "stars-rounded-down",
        "every invoice in Stars is a little short",
        ("tests/unit/test_stars_money.py::test_an_amount_is_asked_for_in_whole_stars_rounded_up",),
        edits=(Edit(STAR_RULES, "return math.ceil(", "return math.floor("),),
    ),
)
