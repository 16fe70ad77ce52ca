"""Text to a syntax tree, for any text: what does not parse is blanked, everything else keeps its place."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from keras_lsp.source.repair import repair
from keras_lsp.source.syntax import compile_tree

if TYPE_CHECKING:
    from keras_lsp.source.facts import Problem

# What no Python source may hold. A byte-order mark is only fine in bytes; as a form feed it is white
# space that leaves the column at 0.
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class ParsedModule:
    """`text` parses, and has the same length and lines as the text that was parsed."""

    text: str
    problems: tuple[Problem, ...] = ()
    parsed: ast.Module | None = field(default=None, repr=False, compare=False)

    @cached_property
    def tree(self) -> ast.Module:
        """The tree of `text`; of a text that was parsed in pieces it is made for the first who asks."""
        tree = self.parsed or compile_tree(self.text)
        return tree if isinstance(tree, ast.Module) else ast.Module(body=[], type_ignores=[])


def parse(text: str) -> ParsedModule:
    """Never raises."""
    text = readable(text)
    tree = compile_tree(text)
    if isinstance(tree, ast.Module):
        return ParsedModule(text, (), tree)
    tree, text, problems = repair(text)
    return ParsedModule(text, problems, tree)


def readable(text: str) -> str:
    """The text without what no Python source may hold, of the same length."""
    if text.isascii() and "\x00" not in text:
        return text
    if text.startswith("\ufeff"):
        text = "\f" + text[1:]
    return _UNREADABLE.sub(lambda found: " " if found.group() == "\x00" else "_", text)
