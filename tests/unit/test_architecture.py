"""What holds the layers apart beyond imports, whose direction is import-linter's (pyproject.toml, `./orbit lint`)."""

from __future__ import annotations

import ast
import re
import sys

import pytest

from tests.support.source_tree import length, sources

APP = sources("app")
ROOT_FILES = sources("run.py", "config.py", "bot_manager.py")
HANDLERS = sources("app/core/handlers")
EVERYTHING = (*APP, *ROOT_FILES, *sources("sandbox", "bench"))

UNIT_OF_WORK = "app/repo/db.py"
# Besides repo, the embedded server asks its own catalogue whether the database is there yet.
SQL_PLACES = ("app/repo/", "app/embedded/postgres.py")
FILE_LINES, FUNCTION_LINES, HANDLER_LINES = 350, 50, 25
UTILS = {"redis", "rate_limit", "logging", "updater", "payment_cleanup", "rates"}
SQL = re.compile(
    r"\bSELECT\b.+\bFROM\b|\bINSERT\s+INTO\b|\bUPDATE\b.+\bSET\b|\bDELETE\s+FROM\b|\bWITH\b.+\bAS \(", re.DOTALL
)
BUILDERS = {"select", "insert", "update", "delete", "statement", "text"}
# The loops in which one piece of work must not stop the next; each logs and counts.
CATCHERS = {
    "app/core/intake.py",
    "app/core/middlewares.py",
    "app/core/money_updates.py",
    "app/jobs/queue.py",
    "app/jobs/supervisor.py",
    "app/panels/leftovers.py",
    "app/panels/moves.py",
    "app/panels/provisioning.py",
    "app/panels/survey.py",
}


def test_only_the_unit_of_work_begins_or_commits() -> None:
    found = [
        source.at(call)
        for source in APP
        for name, call in source.calls()
        if name in {"begin", "begin_nested", "commit", "rollback"} and source.path != UNIT_OF_WORK
    ]
    assert found == []


def test_sql_stands_in_repo_only() -> None:
    outside = [source for source in APP if not source.path.startswith(SQL_PLACES)]
    built = [
        source.at(call)
        for source in outside
        for name, call in source.calls()
        if name in BUILDERS and isinstance(call.func, ast.Name)
    ]
    written = [(source.path, text) for source in outside for text in source.texts() if SQL.search(text)]
    assert built + written == []


def test_the_rules_import_the_standard_library_only() -> None:
    allowed = {*sys.stdlib_module_names, "app"}
    found = {
        (source.path, module)
        for source in sources("app/domain")
        for module in source.imports()
        if module.partition(".")[0] not in allowed
    }
    assert found == set()


def test_nobody_imports_the_composition_root_but_run() -> None:
    assert {source.path for source in (*APP, *ROOT_FILES) if "app.main" in source.imports()} == {"run.py"}


def test_the_product_imports_no_sandbox_no_test_and_no_bench() -> None:
    foreign = {"sandbox", "tests", "bench"}
    found = {source.path for source in (*APP, *ROOT_FILES) for module in source.imports() if module in foreign}
    assert found == set()


def test_handlers_are_short_and_put_no_try_around_everything() -> None:
    handlers = [(source, node) for source in HANDLERS for node in source.nodes(ast.AsyncFunctionDef)]
    assert len(handlers) > 10
    assert [source.at(node) for source, node in handlers if length(node) > HANDLER_LINES] == []
    beyond_docstrings = [(source, node.body[ast.get_docstring(node) is not None :]) for source, node in handlers]
    assert [source.at(body[0]) for source, body in beyond_docstrings if [*map(type, body)] == [ast.Try]] == []


@pytest.mark.parametrize("forbidden", ["app.repo", "app.panels", "sqlalchemy", "aiohttp", "redis"])
def test_handlers_know_no_store_and_no_network(forbidden: str) -> None:
    found = [source.path for source in HANDLERS for module in source.imports() if module.startswith(forbidden)]
    assert found == []


def test_utils_are_closed_at_their_six_names() -> None:
    assert {source.path for source in sources("app/utils")} == {
        "app/utils/__init__.py",
        *(f"app/utils/{name}.py" for name in UTILS),
    }


def test_where_money_is_counted_there_is_no_float() -> None:
    found = [
        source.at(name)
        for source in sources("app/domain", "app/services", "app/payments")
        for name in source.nodes(ast.Name)
        if name.id == "float"
    ]
    constants = [
        source.at(constant)
        for source in sources("app/domain", "app/services")
        for constant in source.nodes(ast.Constant)
        if isinstance(constant.value, float)
    ]
    assert found + constants == []


def test_everything_is_caught_only_in_loops_that_must_go_on() -> None:
    catchers = {
        source.path
        for source in APP
        for handler in source.nodes(ast.ExceptHandler)
        if handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id == "Exception")
    }
    assert catchers <= CATCHERS


def test_tasks_belong_to_the_supervisor_or_to_a_group() -> None:
    found = [
        source.at(call)
        for source in APP
        for name, call in source.calls()
        if name in {"create_task", "ensure_future"} and source.path != "app/jobs/supervisor.py"
        if not (isinstance(call.func, ast.Attribute) and _is_group(call.func.value))
    ]
    assert found == []


def _is_group(owner: ast.expr) -> bool:
    return isinstance(owner, ast.Name) and owner.id in {"group", "tasks"}


def test_files_and_functions_stay_small() -> None:
    files = {source.path: source.text.count("\n") for source in EVERYTHING}
    assert {path: lines for path, lines in files.items() if lines > FILE_LINES} == {}
    functions = {source.at(node): length(node) for source in EVERYTHING for node in source.functions()}
    assert {at: lines for at, lines in functions.items() if lines > FUNCTION_LINES} == {}


def test_every_module_says_in_its_first_line_what_it_owns() -> None:
    found = [source.path for source in EVERYTHING if source.text.strip() and ast.get_docstring(source.tree) is None]
    assert found == []
