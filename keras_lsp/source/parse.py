"""Text to a syntax tree, for any text: what does not parse is blanked, everything else keeps its place."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
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
    """`tree` is the tree of `text`, which has the same length and lines as the text that was parsed."""

    tree: ast.Module
    text: str
    problems: tuple[Problem, ...] = ()


def parse(text: str) -> ParsedModule:
    """Never raises."""
    readable = _readable(text)
    tree = compile_tree(readable)
    if isinstance(tree, ast.Module):
        return ParsedModule(tree, readable)
    return ParsedModule(*repair(readable))


def _readable(text: str) -> str:
    if text.isascii() and "\x00" not in text:
        return text
    if text.startswith("\ufeff"):
        text = "\f" + text[1:]
    return _UNREADABLE.sub(lambda found: " " if found.group() == "\x00" else "_", text)
