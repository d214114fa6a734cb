"""Bugs around YooKassa and refunds in parts: whom to believe, and how much of a charge is left to give back."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

MODELS = "app/payments/gateway/yookassa_models.py"
RECEIPTS = "app/repo/receipts.py"
WISHES = "app/payments/gateway/yookassa_wishes.py"
YOOKASSA = "app/payments/gateway/yookassa.py"

TEST_RECEIPTS = "tests/integration/test_repo_receipts.py"
TEST_REFUNDS = "tests/integration/test_yookassa_refunds.py"
TEST_WEBHOOK = "tests/integration/test_yookassa_webhook.py"
TEST_YOOKASSA = "tests/integration/test_yookassa.py"

BELIEVED = """from app.payments.gateway.strict_json import read_json
            said = read_json(notification.body)["object"]
            events = await self._proven(news)
            events = [replace(one, asset_amount=int(Decimal(said["amount"]["value"]) * 100)) for one in events]
            events = [replace(one, worth=Money(one.asset_amount)) for one in events]
"""

KASSA = (
    Plant(
        "yookassa-news-are-believed",
        "whoever knows the address says that a payment is paid: nothing is signed",
        (f"{TEST_WEBHOOK}::test_forged_news_of_an_unpaid_payment_credit_nothing_and_leave_one_line",),
        edits=(Edit(YOOKASSA, "if payment is not None and payment.is_paid else ()", "if payment is not None else ()"),),
    ),
    Plant(
        "yookassa-sum-of-the-news-is-believed",
        "YooKassa is asked whether it is paid, and the body how much",
        (f"{TEST_WEBHOOK}::test_a_sum_that_is_told_otherwise_does_not_count",),
        edits=(
            Edit(YOOKASSA, "            events = await self._proven(news)\n", f"            {BELIEVED}"),
            Edit(YOOKASSA, "from dataclasses import dataclass\n", "from dataclasses import dataclass, replace\n"),
        ),
    ),
    Plant(
        "authorised-money-is-money",
        "what the bank only holds, and may let go, is credited",
        (f"{TEST_YOOKASSA}::test_money_that_is_authorised_but_not_captured_is_not_credited",),
        edits=(Edit(MODELS, 'return self.status == "succeeded" and self.paid', "return self.paid"),),
    ),
    Plant(
        "yookassa-payment-under-a-new-key",
        "asking again after a lost answer makes a second payment, and both can be paid",
        (f"{TEST_YOOKASSA}::test_making_the_same_payment_again_makes_no_second_and_another_owners_is_another",),
        edits=(
            Edit(WISHES, ":{payment.expires_at.isoformat()}", ":{secrets.token_hex()}"),
            Edit(WISHES, "import hmac\n", "import hmac\nimport secrets\n"),
        ),
    ),
    Plant(
        "part-booked-as-the-whole-refund",
        "a customer who got back a hundred rubles loses five hundred",
        (f"{TEST_REFUNDS}::test_parts_given_back_in_the_cabinet_are_each_taken_and_the_operator_gives_back_the_rest",),
        edits=(
            Edit(
                YOOKASSA,
                "refund.id, refund.payment_id, kopecks, refund.created_at",
                "refund.id, refund.payment_id, None, refund.created_at",
            ),
        ),
    ),
    Plant(
        "part-booked-twice",
        "the news and the list call one refund by two names, and each takes the money back",
        (f"{TEST_REFUNDS}::test_a_part_that_the_news_and_the_list_both_tell_of_is_taken_once",),
        edits=(
            Edit(
                YOOKASSA,
                "*[self._refund(refund) for refund in refunds]]",
                '*[replace(self._refund(refund), key=f"{refund.payment_id}:{refund.id}") for refund in refunds]]',
            ),
            Edit(YOOKASSA, "from dataclasses import dataclass\n", "from dataclasses import dataclass, replace\n"),
        ),
    ),
    Plant(
        "each-part-judged-alone",
        "parts together take more than the charge ever brought",
        (f"{TEST_RECEIPTS}::test_refunds_of_one_charge_at_once_give_back_no_more_than_it_brought",),
        edits=(Edit(RECEIPTS, "= :charge AND direction = 'in' FOR UPDATE\"", "= :charge AND direction = 'in'\""),),
    ),
)
