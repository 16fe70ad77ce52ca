"""Some sections of a module put one behind the other: their tree, and where it is in the module."""

from __future__ import annotations

import ast
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from keras_lsp.source.positions import Positions
from keras_lsp.source.syntax import compile_tree
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.source.parse import ParsedModule
    from keras_lsp.source.sections import Section


@dataclass(frozen=True)
class Excerpt:
    """The statements of some sections, in the order of the text."""

    tree: ast.Module
    positions: Positions
    sections: list[int]  # for each statement, the number of its section

    def of(self, numbers: set[int]) -> ast.Module:
        """The statements of some of the sections."""
        pairs = zip(self.tree.body, self.sections, strict=True)
        return ast.Module([statement for statement, number in pairs if number in numbers], [])


def excerpt(
    parsed: ParsedModule, sections: Sequence[Section], starts: Sequence[int], wanted: set[int]
) -> Excerpt:
    """Of the sections with these numbers; of all of them where these do not parse without the others.

    What was just parsed, because it changed, is not parsed again where nothing wanted is before it.
    """
    numbers = sorted(wanted)
    first = sections[numbers[0]]
    body, begin = list(first.statements), first.first_line - 1 if first.statements else 0
    rest = [sections[number].closed_text for number in (numbers[1:] if body else numbers)]
    if rest:
        tree = compile_tree("\n" * (begin + first.lines if body else 0) + "".join(rest))
        if isinstance(tree, ast.Module):
            body += tree.body
        else:
            numbers, body, begin = [*range(len(sections))], parsed.tree.body, 0
    last_lines = list(accumulate((sections[number].lines for number in numbers), initial=begin))[1:]
    last_lines[-1] += 1  # where a text may go on without a line's end
    pieces = [Span(starts[number], starts[number + 1]) for number in numbers]
    return Excerpt(
        ast.Module(body, []),
        Positions(parsed.text, pieces, begin + 1),
        [numbers[bisect_left(last_lines, statement.lineno)] for statement in body],
    )
