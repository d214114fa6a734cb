"""The list of commands is written apart from the commands, so that it shows at once: both say the same."""

import pytest
import typer

from app.cli.__main__ import PARTS, make_app
from tests.support.source_tree import sources

COMMANDS = {name: help_line for commands in PARTS.values() for name, help_line in commands.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_found_under_its_name_and_introduces_itself_as_the_list_does(name: str) -> None:
    command = typer.main.get_group(make_app(name)).commands[name]
    introduction = (command.help or "").split("\n\n")[0].replace("\n", " ")
    assert introduction.startswith(COMMANDS[name].rstrip("."))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_lists_just_what_its_module_registers(part: str) -> None:
    assert set(typer.main.get_group(make_app(next(iter(PARTS[part])))).commands) == set(PARTS[part])


def test_the_list_shows_every_command() -> None:
    assert set(typer.main.get_group(make_app(None)).commands) == set(COMMANDS)


def test_every_module_that_registers_commands_is_in_the_list() -> None:
    registering = {
        source.path.removeprefix("app/cli/").removesuffix(".py")
        for source in sources("app/cli")
        if any(function.name == "register" for function in source.functions())
    }
    assert registering == set(PARTS)
