"""requirements.txt is what uv.lock says, version for version and hash for hash."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from packaging.requirements import Requirement

from config import ROOT

HASH = re.compile(r"sha256:[0-9a-f]{64}")
REQUIREMENT = re.compile(
    rf"^([a-z0-9-]+)==(\S+)(?: ; [^\\]+)? \\\n((?:    --hash={HASH.pattern}(?: \\)?\n)+)", re.MULTILINE
)
ADVICE = (
    "export it again: .tools/bin/uv export --frozen --no-dev --no-emit-project --format requirements-txt"
    " -o requirements.txt"
)

Locked = dict[str, dict[str, Any]]


def locked() -> Locked:
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    return {package["name"]: package for package in packages}


def needed(packages: Locked) -> set[str]:
    """What the product needs, directly and through others, extras included and the developers' group left out."""
    found: set[str] = set()
    open_ends: list[tuple[str, tuple[str, ...]]] = [("orbitvpn", ())]
    seen = set(open_ends)
    while open_ends:
        name, extras = open_ends.pop()
        package = packages[name]
        found.add(name)
        wants = [*package.get("dependencies", ())]
        for extra in extras:
            wants += package["optional-dependencies"][extra]
        ends = {(want["name"], tuple(want.get("extra", ()))) for want in wants} - seen
        seen |= ends
        open_ends += ends
    return found - {"orbitvpn"}


def hashes(package: dict[str, Any]) -> set[str]:
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
    return {file["hash"] for file in files}


def test_the_requirements_are_the_export_of_the_lock() -> None:
    packages = locked()
    written = {
        name: (version, set(HASH.findall(block)))
        for name, version, block in REQUIREMENT.findall((ROOT / "requirements.txt").read_text("utf-8"))
    }
    wanted = {name: (packages[name]["version"], hashes(packages[name])) for name in needed(packages)}
    assert written == wanted, ADVICE


def test_every_requirement_was_read() -> None:
    text = (ROOT / "requirements.txt").read_text("utf-8")
    names = [line for line in text.splitlines() if line and line[0] not in " #"]
    assert len(REQUIREMENT.findall(text)) == len(names) > 20


def test_aiogram_is_the_one_that_was_promised() -> None:
    assert "\naiogram==3.22.0 " in (ROOT / "requirements.txt").read_text("utf-8")


def test_the_lock_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    locked_for = locked()["orbitvpn"]["metadata"]
    asked = {
        "requires-dist": project["project"]["dependencies"],
        "requires-dev": project["dependency-groups"]["dev"],
    }
    found = {"requires-dist": locked_for["requires-dist"], "requires-dev": locked_for["requires-dev"]["dev"]}
    for kind, lines in asked.items():
        wants = {(want.name, want.specifier) for want in map(Requirement, lines)}
        has = {(have["name"], Requirement(have["name"] + have.get("specifier", "")).specifier) for have in found[kind]}
        assert wants == has, "lock it again: .tools/bin/uv lock"
