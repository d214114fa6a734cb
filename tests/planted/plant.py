"""What a planted bug is, and how it gets into a copy of the project. Runs nothing."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What a copy neither needs nor may share with the project.
LEFT_OUT = (".git", ".venv", ".tools", ".ci", ".*_cache", ".hypothesis", "__pycache__", "data", "docs")
VERSIONS = "migrations/versions"
_NAMED = re.compile(r'^(?:down_)?revision\b[^=]*= "(\w+)"', re.MULTILINE)
_MIGRATION = '''"""planted"""

from alembic import op

revision = "planted"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("{statement}")
'''


class BadPlant(Exception):
    """The plant does not fit the project as it is now."""


@dataclass(frozen=True, slots=True)
class Edit:
    """In `file`, `old`, which stands there exactly once, becomes `new`."""

    file: str
    old: str
    new: str

    def fits(self, root: Path = ROOT) -> bool:
        """Whether the old text stands in the file, and only once."""
        return (root / self.file).is_file() and self._read(root).count(self.old) == 1

    def apply(self, root: Path) -> None:
        """Replace it in the project at `root`; BadPlant where it does not fit."""
        if not self.fits(root):
            raise BadPlant(f"{self.file} does not hold exactly once: {self.old}")
        (root / self.file).write_text(self._read(root).replace(self.old, self.new), "utf-8")

    def _read(self, root: Path) -> str:
        return (root / self.file).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug: what is changed, why that is one, and the tests of which at least one must fail.

    `sql` runs once behind the last migration. `shows` are further exceptions by which a test may fail, where the bug is
    one that the database itself refuses to carry out.
    """

    name: str
    why: str
    tests: tuple[str, ...]
    edits: tuple[Edit, ...] = ()
    sql: str | None = None
    shows: tuple[str, ...] = ()

    def apply(self, root: Path) -> None:
        """Plant it in the copy at `root`."""
        for edit in self.edits:
            edit.apply(root)
        if self.sql is not None:
            text = _MIGRATION.format(head=head_of(root), statement=self.sql)
            (root / VERSIONS / "planted.py").write_text(text, "utf-8")


def copy_of_project(to: Path, source: Path = ROOT) -> Path:
    """A private copy: the same interpreter runs it, and nothing in it leads back."""
    shutil.copytree(source, to, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return to


def head_of(root: Path) -> str:
    """The last revision of the schema: the one that no other builds on."""
    named: list[str] = []
    for file in (root / VERSIONS).glob("*.py"):
        named += _NAMED.findall(file.read_text("utf-8"))
    (head,) = (revision for revision in set(named) if named.count(revision) == 1)
    return head
