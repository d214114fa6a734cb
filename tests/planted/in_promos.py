"""Bugs in promo codes and gifts: limits, discounts that are kept, days that are given, and what happens twice."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

GIFTS = "app/repo/gifts.py"
OFFERS = "app/repo/offers.py"
PROMOS = "app/repo/promos.py"

TEST_GIFTS = "tests/integration/test_repo_gifts.py"
TEST_PROMOS = "tests/integration/test_repo_promos.py"

FREE_NUMBER = """SELECT min(n) AS number FROM generate_series(1, counted.per_person) n
        WHERE NOT EXISTS (SELECT FROM promo_uses u WHERE u.code = :code AND u.user_id = :tg_id AND u.number = n))"""
NEXT_NUMBER = "SELECT count(*) + 1 AS number FROM promo_uses u WHERE u.code = :code AND u.user_id = :tg_id)"

PROMO = (
    Plant(
        "promo-limit-judged-before-it-is-counted",
        "a code for ten is used by as many as type it at the same moment",
        (f"{TEST_PROMOS}::test_two_hundred_persons_at_once_use_a_code_for_ten_ten_times[balance]",),
        edits=(
            Edit(PROMOS, 'ORDER BY code FOR NO KEY UPDATE\n    """\n)\nLAPSING', 'ORDER BY code\n    """\n)\nLAPSING'),
            Edit(PROMOS, "WHERE code = :code AND (most_uses IS NULL OR used < most_uses)", "WHERE code = :code"),
        ),
    ),
    Plant(
        "promo-limit-is-nobodys-own",
        "one person uses a code as often as all together may",
        (f"{TEST_PROMOS}::test_two_hundred_messages_of_one_person_use_a_code_as_often_as_one_person_may",),
        edits=(
            Edit(PROMOS, "u.code = p.code AND u.user_id = :tg_id)", "u.code = p.code AND u.status = 'reserved')"),
            Edit(PROMOS, FREE_NUMBER, NEXT_NUMBER),
        ),
    ),
    Plant(
        "promo-message-without-an-intent",
        "a message that Telegram brings twice uses the code twice",
        (f"{TEST_PROMOS}::test_a_message_that_comes_again_uses_the_code_once",),
        edits=(
            Edit(PROMOS, "AND (u.intent = :intent OR u.status = 'reserved')", "AND u.status = 'reserved'"),
            Edit(
                PROMOS,
                "SELECT code, :tg_id, free.number, :intent,",
                "SELECT code, :tg_id, free.number, :intent || free.number,",
            ),
        ),
        shows=("PromoRefused",),
    ),
    Plant(
        "discount-of-the-button",
        "the number in a button makes a purchase cheaper, whose discount it ever was",
        (f"{TEST_PROMOS}::test_a_use_that_is_nobodys_or_anothers_makes_nothing_cheaper[1]",),
        edits=(Edit(OFFERS, "ON buyer.tg_id = u.user_id", "ON u.id = :use_id"),),
    ),
    Plant(
        "discount-by-the-screen-of-before",
        "who has typed a code since pays the full price by an old button, and is not asked",
        (f"{TEST_PROMOS}::test_a_button_from_before_the_discount_asks_again_instead_of_charging_the_full_price",),
        edits=(
            Edit(OFFERS, "WHERE COALESCE(held.id, 0) = :use_id", "WHERE true"),
            Edit(
                OFFERS,
                "u.holds_until > :now AND NOT {TOO_LATE}\n        FOR",
                "u.id = :use_id AND u.holds_until > :now AND NOT {TOO_LATE}\n        FOR",
            ),
        ),
    ),
    Plant(
        "discount-that-is-not-burned",
        "one code makes every purchase cheaper",
        (f"{TEST_PROMOS}::test_a_discount_is_burned_by_the_purchase_that_it_made_cheaper",),
        edits=(
            Edit(
                OFFERS,
                "WHERE promo_uses.id = bought.promo_use_id",
                "WHERE promo_uses.id = bought.promo_use_id AND false",
            ),
        ),
        shows=("IntegrityError",),
    ),
    Plant(
        "discount-that-never-lapses",
        "a use that waits for nobody is lost to everybody",
        (f"{TEST_PROMOS}::test_a_use_that_lapsed_is_free_for_the_next_person_at_once_and_given_back_by_the_job",),
        edits=(Edit(PROMOS, "UPDATE promocodes SET used = used - lapsed.uses", "UPDATE promocodes SET used = used"),),
        shows=("PromoRefused",),
    ),
    Plant(
        "days-of-a-promo-replace-those-left",
        "a gift of days shortens the subscription of whoever has more",
        (f"{TEST_PROMOS}::test_days_are_added_to_what_is_left_and_configs_follow",),
        edits=(
            Edit(
                PROMOS,
                "SET subscription_end = GREATEST(COALESCE(subscription_end, :now), :now)\n",
                "SET subscription_end = CAST(:now AS timestamptz)\n",
            ),
        ),
    ),
    Plant(
        "rubles-of-a-promo-out-of-nothing",
        "the balance grows, and the books do not say by what",
        (f"{TEST_PROMOS}::test_rubles_go_from_promotions_to_the_wallet",),
        edits=(
            Edit(
                PROMOS,
                "('promotions', -:value), ('wallet:' || :tg_id, :value)",
                "('promotions', -:value), ('sales', :value)",
            ),
        ),
    ),
    Plant(
        "gift-redeemed-twice",
        "two persons who type one gift's code at once both get its days",
        (f"{TEST_GIFTS}::test_a_gift_that_many_redeem_at_once_goes_to_one_of_them",),
        edits=(
            Edit(GIFTS, "WHERE code = :code FOR NO KEY UPDATE", "WHERE code = :code"),
            Edit(GIFTS, "WHERE id = :gift_id AND redeemed_at IS NULL", "WHERE id = :gift_id"),
            Edit(GIFTS, "SELECT 'gift:' || id, :tg_id, days", "SELECT 'gift:' || id || ':' || :tg_id, :tg_id, days"),
            Edit(
                GIFTS,
                "FROM taken WHERE giver_id <> :tg_id\n    )",
                "FROM taken WHERE giver_id <> :tg_id ON CONFLICT DO NOTHING\n    )",
            ),
        ),
        shows=("ValueError",),  # too many have got it
    ),
)
