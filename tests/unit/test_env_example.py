"""`.env.example` names every setting and no other, shows the true defaults, and loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from config import ROOT, Settings, SettingsError, load_settings
from sandbox.realness import findings

EXAMPLE = ROOT / ".env.example"
SETTING = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
SHOWN = dict(SETTING.findall(EXAMPLE.read_text("utf-8")))
DEFAULTS = {
    name: field.default
    for name, field in Settings.model_fields.items()
    if not field.is_required() and field.default not in (None, ())
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(ROOT)


def load(path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ENV_FILE", str(path))
    return load_settings()


def test_every_setting_stands_in_it_once_and_nothing_else() -> None:
    names = [name for name, _ in SETTING.findall(EXAMPLE.read_text("utf-8"))]
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_as_it_stands_only_the_token_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(EXAMPLE, monkeypatch)
    assert str(refusal.value) == "BOT_TOKEN is missing"


def test_with_a_token_it_loads_and_changes_no_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    filled = tmp_path / "filled"
    filled.write_text(EXAMPLE.read_text("utf-8").replace("BOT_TOKEN=\n", "BOT_TOKEN=1234:secret\n"))
    settings = load(filled, monkeypatch)
    assert settings.model_fields_set == {"bot_token"}


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_is_commented_out_is_the_default(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text(f"BOT_TOKEN=1234:secret\n{name.upper()}={SHOWN[name.upper()]}\n")
    shown = getattr(load(lines, monkeypatch), name)
    assert (shown.resolve() if isinstance(shown, Path) else shown) == DEFAULTS[name]


def test_the_sandbox_starts_beside_a_copy_of_it() -> None:
    assert list(findings(dotenv_values(EXAMPLE), ".env")) == []
