"""Bugs in what people see and in what their buttons carry."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

KEYBOARDS = "app/core/keyboards.py"
SWITCHBOARD = "app/core/switchboard.py"
MIDDLEWARES = "app/core/middlewares.py"
LIMITS = "app/utils/rate_limit.py"

TEST_ACTIONS = "tests/unit/test_actions.py"
TEST_OLD = "tests/sandbox/test_edge_old_buttons.py"
TEST_CRAWL = "tests/sandbox/test_crawl.py"

SCREENS = (
    Plant(
        "dead-end",
        "after the terms there is no button left",
        (f"{TEST_CRAWL}::test_every_button_leads_on_and_every_screen_can_be_read[new]",),
        edits=(
            Edit(
                KEYBOARDS,
                'return keyboard(to_menu(translator(language)))',
                "return keyboard()",
            ),
        ),
    ),
    Plant(
        "old-buttons-forgotten",
        "what was sent before there were versions is out of date",
        (f"{TEST_ACTIONS}::test_data_sent_before_there_were_versions_is_read_as_the_first",),
        edits=(Edit(SWITCHBOARD, 'self._clicks.get(f"{prefix}{FIRST_VERSION}")', "self._clicks.get(prefix)"),),
        shows=("MalformedAction",),
    ),
    Plant(
        "stale-and-left-alone",
        "who presses an old button gets words, and nothing of how things stand",
        (f"{TEST_OLD}::test_a_button_of_a_version_to_come_gets_the_page_that_it_belongs_to",),
        edits=(Edit(MIDDLEWARES, 'Screen(f"{said}\\n\\n{page.text}", page.keyboard)', "Screen(said, page.keyboard)"),),
    ),
    Plant(
        "limits-of-no-version",
        "a button with a version draws from the bucket of all other clicks",
        (f"{TEST_ACTIONS}::test_limits_are_found_for_buttons_of_any_version",),
        edits=(Edit(LIMITS, 'data.partition(":")[0].rstrip(digits)', 'data.partition(":")[0]'),),
    ),
)
