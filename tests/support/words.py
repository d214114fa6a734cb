"""The Fluent files as tests read them: each text with the values and tags in it. Reads them without the translators."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fluent.syntax import FluentParser, FluentSerializer, ast
from fluent.syntax.visitor import Visitor

from app.locales.locales import FOLDER


@dataclass(frozen=True)
class Text:
    """What stands in a file under one key."""

    source: str
    raw: str
    values: frozenset[str]
    cases: frozenset[str]

    @property
    def tags(self) -> list[str]:
        """The tags of HTML, in order of the alphabet."""
        return sorted(re.findall(r"</?[a-z]+>", self.source))


class _Found(Visitor):
    def __init__(self) -> None:
        self.values: set[str] = set()
        self.cases: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 - the visitor finds it by name
        self.values.add(node.id.name)

    def visit_Variant(self, node: ast.Variant) -> None:  # noqa: N802 - the visitor finds it by name
        self.cases.add(node.key.name if isinstance(node.key, ast.Identifier) else node.key.value)
        self.generic_visit(node)


def texts_of(language: str) -> dict[str, Text]:
    """Every text under `screen.part`; AssertionError for what Fluent can't read, or a key that is twice."""
    resource = FluentParser().parse((FOLDER / f"{language}.ftl").read_text("utf-8"))
    serializer = FluentSerializer()
    texts: dict[str, Text] = {}
    for entry in resource.body:
        assert not isinstance(entry, ast.Junk), entry.content
        if not isinstance(entry, ast.Message):
            continue
        values = [(entry.id.name, entry.value)] if entry.value is not None else []
        for key, pattern in [*values, *((f"{entry.id.name}.{part.id.name}", part.value) for part in entry.attributes)]:
            assert key not in texts, key
            found = _Found()
            found.visit(pattern)
            alone = ast.Resource([ast.Message(ast.Identifier("text"), pattern)])
            raw = "".join(map(_raw, pattern.elements))
            texts[key] = Text(serializer.serialize(alone), raw, frozenset(found.values), frozenset(found.cases))
    return texts


def _raw(element: ast.TextElement | ast.Placeable) -> str:
    if isinstance(element, ast.TextElement):
        return element.value
    inner = element.expression
    return f"{{{inner.id.name}}}" if isinstance(inner, ast.VariableReference) else "{}"


def raw_texts(language: str) -> dict[str, str]:
    """Every text as it stands, its values as {name}: for tests that look for what a person reads before the first."""
    return {key: text.raw for key, text in texts_of(language).items()}
