"""The call whose arguments the cursor stands among, finished or not."""

from __future__ import annotations

import functools
import itertools
import keyword
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features.typed import OF_BASE, code_mask, without_blanks
from keras_lsp.source.logical_lines import logical_lines
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_CALLEE = re.compile(rf"(?:{OF_BASE})?[^\W\d]\w*(?:[ \t]*\.[ \t]*[^\W\d]\w*)*[ \t]*\Z")
_KEYWORD = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)\s*")
_DEFINITION = re.compile(r"\b(?:def|class)\s+\Z")
_LONGEST_CALLEE = 300
_NOT_CALLED = frozenset(keyword.kwlist)
_PAIRS = {")": "(", "]": "[", "}": "{"}


# An editor asks about the same few texts again and again.
statements = functools.lru_cache(maxsize=8)(logical_lines)


@dataclass(frozen=True, slots=True)
class OpenCall:
    callee: str  # as written, without blanks: "tf.keras.layers.Dense", "super().__init__"
    callee_span: Span
    before: tuple[str | None, ...]  # the finished arguments: the keyword, None for one by position
    keyword: str | None  # of the argument at the cursor
    value_start: int  # where that argument's value begins
    brackets: str  # opened between the call's and the cursor: "[" in `metrics=["|"]`
    after: frozenset[str]  # keywords behind the cursor

    @property
    def position(self) -> int:
        """The number of arguments by position before this one."""
        return self.before.count(None)


@dataclass(slots=True)
class _Bracket:
    kind: str
    at: int
    commas: list[int]


def open_call(text: str, offset: int) -> OpenCall | None:
    mask = code_mask(text)
    start, end = _statement(text, offset)
    stack = _open_brackets(mask, start, offset)
    for depth in range(len(stack) - 1, -1, -1):
        bracket = stack[depth]
        callee = _callee(mask, start, bracket.at) if bracket.kind == "(" else None
        if callee is not None and callee[0].strip() not in _NOT_CALLED:
            if _DEFINITION.search(mask, start, callee.start()):
                return None
            nested = "".join(inner.kind for inner in stack[depth + 1 :])
            return _call(mask, bracket, Span(*callee.span()), nested, offset, end)
        if bracket.kind == "(" and mask[start : bracket.at].rstrip()[-1:] in tuple(")]"):
            return None  # of what a call or an index gave: nobody knows what that is
    return None


def _callee(mask: str, start: int, end: int) -> re.Match[str] | None:
    """The name before a bracket, looked for only where a word ends, and not any length before."""
    at = end
    while at > start and mask[at - 1] in " \t":
        at -= 1
    before = mask[max(start, at - 1) : at]
    if not (before.isalnum() or before == "_"):
        return None
    return _CALLEE.search(mask, max(start, at - _LONGEST_CALLEE), end)


def _call(mask: str, bracket: _Bracket, callee: Span, nested: str, offset: int, end: int) -> OpenCall:
    starts = [bracket.at + 1, *(comma + 1 for comma in bracket.commas)]
    finished = [_keyword(mask[a:b]) for a, b in itertools.pairwise(starts)]
    current = _KEYWORD.match(mask, starts[-1], offset)
    return OpenCall(
        callee=without_blanks(callee.of(mask)),
        callee_span=callee,
        before=tuple(finished),
        keyword=current[1] if current else None,
        value_start=current.end() if current else starts[-1],
        brackets=nested,
        after=frozenset(_keywords_after(mask, offset, end, len(nested))),
    )


def _keyword(argument: str) -> str | None:
    match = _KEYWORD.match(argument)
    return match[1] if match else None


def _statement(text: str, offset: int) -> tuple[int, int]:
    """The logical line that the offset is in or just behind."""
    before = [line for line in statements(text) if line.start <= offset]
    return (before[-1].start, max(before[-1].end, offset)) if before else (offset, offset)


def _open_brackets(mask: str, start: int, end: int) -> list[_Bracket]:
    stack: list[_Bracket] = []
    for at in range(start, end):
        char = mask[at]
        if char in "([{":
            stack.append(_Bracket(char, at, []))
        elif char in ")]}":
            if stack and stack[-1].kind == _PAIRS[char]:
                stack.pop()
        elif char == "," and stack:
            stack[-1].commas.append(at)
    return stack


def _keywords_after(mask: str, offset: int, end: int, depth: int) -> Iterator[str]:
    """Of the arguments from the call's next comma to its end; `depth` brackets are closed first."""
    start = None
    for at in range(offset, end + 1):
        char = mask[at : at + 1]
        if char in tuple("([{"):
            depth += 1
        ends = char == "" or at == end or (depth == 0 and char in tuple(",)]}"))
        if ends and start is not None:
            name = _keyword(mask[start:at])
            if name:
                yield name
        if ends and char != ",":
            return
        if ends:
            start = at + 1
        if char in tuple(")]}"):
            depth -= 1
