"""The project's own source, parsed once, for tests about its form. Runs nothing of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from config import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True)
class Source:
    """One file: `path` is relative to the project."""

    path: str
    text: str
    tree: ast.Module

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kind))

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Every call with the last part of what is called."""
        for call in self.nodes(ast.Call):
            if isinstance(call.func, ast.Attribute):
                yield call.func.attr, call
            elif isinstance(call.func, ast.Name):
                yield call.func.id, call

    def imports(self) -> Iterator[str]:
        """Every imported module; of `from a import b` both a and a.b, since b may be a module."""
        for plain in self.nodes(ast.Import):
            yield from (alias.name for alias in plain.names)
        for origin in self.nodes(ast.ImportFrom):
            yield origin.module or ""
            yield from (f"{origin.module}.{alias.name}" for alias in origin.names)

    def texts(self) -> Iterator[str]:
        """Every string constant but docstrings."""
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(self.tree)
            if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
        }
        for node in self.nodes(ast.Constant):
            if isinstance(node.value, str) and id(node) not in docstrings:
                yield node.value

    def at(self, node: ast.stmt | ast.expr) -> str:
        return f"{self.path}:{node.lineno}"


@cache
def sources(*places: str) -> tuple[Source, ...]:
    """Every Python file of these folders and files, in order."""
    paths: list[Path] = []
    for place in places:
        path = ROOT / place
        paths += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Source:
    text = path.read_text("utf-8")
    return Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


def length(node: Function) -> int:
    """Lines from the `def` to the end."""
    return (node.end_lineno or node.lineno) - node.lineno + 1
