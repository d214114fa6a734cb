"""The planted bugs still fit the project: their text is there, their tests exist, and verdicts are read as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.planted.catalogue import PLANTS
from tests.planted.plant import ROOT, BadPlant, Edit, head_of
from tests.planted.trial import Outcome, judged

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planted.plant import Plant

REPORT = '<testsuites><testsuite><testcase file="tests/t.py" name="test_x">{}</testcase></testsuite></testsuites>'


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(PLANTS) >= 25
    assert len({plant.name for plant in PLANTS}) == len(PLANTS)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_plant_fits_the_project_as_it_is(plant: Plant) -> None:
    assert plant.edits or plant.sql
    assert [edit for edit in plant.edits if not edit.fits()] == []
    assert [edit for edit in plant.edits if edit.old == edit.new] == []
    assert plant.tests
    for test in plant.tests:
        file, _, name = test.partition("::")
        assert (ROOT / file).is_file()
        assert f"def {name}(" in (ROOT / file).read_text("utf-8") or not name


def test_the_head_of_the_schema_is_the_revision_that_nothing_builds_on(tmp_path: Path) -> None:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "a.py").write_text('revision = "0001"\ndown_revision = None\n', "utf-8")
    (versions / "b.py").write_text('revision = "0002"\ndown_revision = "0001"\n', "utf-8")
    assert head_of(tmp_path) == "0002"


def test_an_edit_that_fits_nowhere_or_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("a b a", "utf-8")
    for old in ("a", "c"):
        with pytest.raises(BadPlant):
            Edit("f.py", old, "d").apply(tmp_path)
    Edit("f.py", "b", "d").apply(tmp_path)
    assert (tmp_path / "f.py").read_text("utf-8") == "a d a"


@pytest.mark.parametrize(
    ("problem", "outcome"),
    [
        ('<failure message="AssertionError: assert 1 == 2"/>', Outcome.CAUGHT),
        ('<failure message="assert 1 == 2"/>', Outcome.CAUGHT),
        ('<failure message="Failed: DID NOT RAISE NotFound"/>', Outcome.CAUGHT),
        ("<error message='failed on teardown with \"AssertionError: assert []\"'/>", Outcome.CAUGHT),
        ('<failure message="sqlalchemy.exc.IntegrityError: no"/>', Outcome.CAUGHT),
        ('<failure message="NameError: name x is not defined"/>', Outcome.BROKEN),
        ('<error message="collection failure"/>', Outcome.BROKEN),
        ("", Outcome.BROKEN),
    ],
)
def test_only_a_failed_assertion_or_what_the_plant_names_counts_as_caught(problem: str, outcome: Outcome) -> None:
    assert judged(REPORT.format(problem), ("IntegrityError",)).outcome is outcome
