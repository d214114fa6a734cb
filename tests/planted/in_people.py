"""Bugs in trials and in bonuses for invited people."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

BONUSES = "app/repo/bonuses.py"
USERS = "app/repo/user.py"

TEST_REFERRAL = "tests/integration/test_repo_referral.py"
TEST_USERS = "tests/integration/test_repo_users.py"

PEOPLE = (
    Plant(
        "trials-without-a-key",
        "an account that was erased comes back to a second trial",
        (f"{TEST_USERS}::test_an_account_that_was_erased_comes_back_without_a_second_trial",),
        sql="ALTER TABLE trial_grants DROP CONSTRAINT pk_trial_grants",
    ),
    Plant(
        "trial-without-a-grant",
        "every new account has a trial, whoever had one before",
        (f"{TEST_USERS}::test_an_account_that_was_erased_comes_back_without_a_second_trial",),
        edits=(Edit(USERS, "            FROM granted) t ON true", "            ) t ON true"),),
    ),
    Plant(
        "bonus-at-signup",
        "inviting empty accounts earns money",
        (f"{TEST_REFERRAL}::test_the_first_top_up_pays_the_inviter_and_tells_them",),
        edits=(
            Edit(BONUSES, "return event == self._trigger and self._amount > 0", "return self._amount > 0"),
            Edit(BONUSES, "(:trigger = 'signup' OR :least", "(true OR :least"),
        ),
    ),
    Plant(
        "bonus-at-every-top-up",
        "one invited person pays for ever; the database's own refusal is the last line behind it",
        (f"{TEST_REFERRAL}::test_later_top_ups_pay_nothing_more",),
        edits=(Edit(BONUSES, "WHERE bonus_paid_at IS NULL", "WHERE true"),),
        shows=("ProgrammingError",),
    ),
    Plant(
        "bonus-for-a-few-kopecks",
        "a thousand accounts that pay a kopeck each are worth fifty thousand rubles",
        (f"{TEST_REFERRAL}::test_a_few_kopecks_do_not_buy_a_bonus",),
        edits=(Edit(BONUSES, "OR :least <= (", "OR 0 < ("),),
    ),
    Plant(
        "inviter-of-oneself",
        "whoever opens their own link is paid for it",
        (f"{TEST_USERS}::test_oneself_and_strangers_invite_nobody",),
        edits=(
            Edit(
                USERS,
                "FROM made JOIN users inviter ON inviter.tg_id = :inviter",
                "FROM made WHERE :inviter IS NOT NULL",
            ),
            Edit(USERS, "SELECT made.tg_id, inviter.tg_id, :now", "SELECT made.tg_id, :inviter, :now"),
        ),
        shows=("IntegrityError",),
    ),
)
