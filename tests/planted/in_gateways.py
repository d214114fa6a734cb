"""Bugs around Crypto Pay and Telegram Stars: signatures, what is believed, what is asked, by which key it is booked."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

CRYPTOBOT = "app/payments/gateway/cryptobot.py"
CRYPTOPAY = "app/payments/gateway/cryptopay.py"
MARKS = "app/payments/gateway/cryptobot_mark.py"
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
        (TEST_WEBHOOK,),
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
        (TEST_WEBHOOK,),
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
        (TEST_WEBHOOK,),
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
        (TEST_WEBHOOK,),
        edits=(Edit(CRYPTOBOT, "known = await self._asked_again(told.invoice_id)", "known = told"),),
    ),
    Plant(
        "amount-of-the-notification-is-believed",
        "Crypto Pay is asked, and then its answer is not looked at",
        (TEST_WEBHOOK,),
        edits=(
            Edit(CRYPTOBOT, "if differing := differences(told, known):", "if differing := differences(told, told):"),
            Edit(CRYPTOBOT, "[await self._event(known)] if known.is_paid", "[await self._event(told)] if told.is_paid"),
        ),
    ),
    Plant(
        "seal-of-an-invoice-not-checked",
        "an invoice of another installation, or over another sum, credits a customer here",
        (TEST_CRYPTOBOT,),
        edits=(
            Edit(MARKS, 'if not hmac.compare_digest(form["seal"],', 'if not hmac.compare_digest(form["seal"][:0],'),
            Edit(MARKS, "self._seal(payment_id, owner, amount)):", "self._seal(payment_id, owner, amount)[:0]):"),
        ),
    ),
    Plant(
        "expires-while-the-provider-is-silent",
        "an outage of the provider ends invoices that were paid",
        (TEST_CRYPTOBOT,),
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
        (TEST_CRYPTOBOT,),
        edits=(
            Edit(
                CRYPTOPAY,
                'return await self._attempt("POST", method, kind, wish=wish)\n',
                'return await self._attempt("POST", method, kind, wish=wish)\n        except _TryAgain:\n'
                "            pass\n        try:\n"
                '            return await self._attempt("POST", method, kind, wish=wish)\n',
            ),
        ),
    ),
    Plant(
        "late-charge-not-credited",
        "who pays at the last moment pays for nothing",
        (TEST_CRYPTOBOT, TEST_STARS),
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
        (TEST_RECEIPTS,),
        edits=(Edit(RECEIPTS, "WHEN claim.is_first AND claim.asked = :asset_amount THEN", "WHEN claim.is_first THEN"),),
    ),
    Plant(
        "payload-is-the-key-of-a-charge",
        "an old link that is paid again brings nothing",
        (TEST_STARS,),
        edits=(Edit(STARS, "self._event(row.key, row.payer", "self._event(row.payload, row.payer"),),
    ),
    Plant(
        "checkout-always-agrees",
        "strangers and the late pay for what is closed",
        (TEST_STARS,),
        edits=(Edit(MONEY_UPDATES, "ok=refusal is None,", "ok=True,"),),
    ),
    Plant(
        "checkout-for-anybody",
        "somebody else's Stars go into a wallet that is not theirs",
        (TEST_STARS,),
        edits=(Edit(STAR_RULES, "if asked.owner != payer:", "if asked.owner != payer and asked.stars is None:"),),
    ),
    Plant(
        "checkout-after-the-deadline",
        "an invoice that has expired is taken at its old price",
        (TEST_STARS,),
        edits=(Edit(STAR_RULES, " or now > asked.expires_at", ""),),
    ),
    Plant(
        "currency-not-looked-at",
        "a hundred of something else counts as a hundred Stars",
        (TEST_MONEY_UPDATES,),
        edits=(Edit(STARS, "if update.currency != CURRENCY:", "if not update.currency:"),),
    ),
    Plant(
        "list-of-charges-passed-before-it-is-booked",
        "a crash in the middle of a page leaves its charges behind for ever",
        (TEST_STARS,),
        edits=(Edit(STARS, "            for row in await self._store.unknown(page.rows):\n", ADVANCED_FIRST),),
    ),
    Plant(
        "charge-acknowledged-before-it-is-kept",
        "Telegram forgets what nobody has written down",
        (TEST_MONEY_UPDATES,),
        edits=(Edit(MONEY_UPDATES, "return update.kind is MoneyKind.CHECKOUT", "return True"),),
    ),
    Plant(
        "charge-put-aside-before-it-is-booked",
        "one that fails is never taken up again",
        (TEST_MONEY_UPDATES,),
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
        ("tests/unit/test_stars_money.py",),
        edits=(Edit(STAR_RULES, "return math.ceil(", "return math.floor("),),
    ),
)
