"""Turn text that does not parse into text that does, of the same length and with the same lines.

Only the broken statements change: each becomes `pass` and spaces, or, when a block hangs below it, a
header that keeps the block. The compiler itself says what is broken, on each top-level statement alone,
so that one mistake costs neither its neighbours' facts nor their time.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from keyword import iskeyword
from typing import TYPE_CHECKING

from keras_lsp.source.facts import Problem
from keras_lsp.source.logical_lines import BLOCK_WORDS, LogicalLine, logical_lines
from keras_lsp.source.positions import Positions
from keras_lsp.source.syntax import compile_tree
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    _Compile = Callable[[str], ast.Module | SyntaxError]

_LOOKED_AHEAD = 3  # statements that a broken one before them may take in
_ROUNDS = 24  # mistakes looked for in one top-level statement before it is given up whole
_NOT_A_LINE_END = re.compile(r"[^\r\n]")
_FIRST_LINE = re.compile(r"[^\r\n]*")
_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b")
_HEADER_LINE = re.compile(r"on line (\d+)")
_FUNCTION_START = re.compile(r"(?:async[ \t]+)?def[ \t]+\w+[ \t]*\([ \t]*(?:\w+)?")
_CONFLICT = re.compile(r"^(?:<{7} |\|{7} |={7}$|>{7} ).*", re.MULTILINE)
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_F_STRING = re.compile(r"\b[rR]?[fF][rR]?[\"']")


def blank(text: str) -> str:
    """Spaces, with the line ends where they were."""
    return _NOT_A_LINE_END.sub(" ", text)


def repair(text: str) -> tuple[ast.Module, str, tuple[Problem, ...]]:
    """A tree for `text`, the text it is a tree of, and what had to be blanked for that."""
    compiled = lru_cache(maxsize=4)(compile_tree)  # a text of one statement is met several times
    problems = [Problem(Span(*found.span()), "merge conflict") for found in _conflicts(text)]
    for problem in problems:
        text = f"{text[: problem.span.start]}{' ' * problem.span.length}{text[problem.span.end :]}"
    runs = list(_sound_ones_joined(text, _top_level_statements(text, logical_lines(text)), compiled))
    starts = [len(text[: lines[0].start].rstrip(" \t\f")) for lines in runs]
    pieces = [text[: starts[0]] if starts else text]
    for lines, start, end in zip(runs, starts, [*starts[1:], len(text)], strict=True):
        chunk = _ChunkRepair(text[start:end], [_moved(line, -start) for line in lines], compiled)
        pieces.append(chunk.run())
        problems += (Problem(p.span.shifted(start), p.message) for p in chunk.problems)
    result = "".join(pieces)
    tree = compiled(result)
    if isinstance(tree, ast.Module):
        return tree, result, tuple(sorted(problems, key=lambda p: (p.span.start, p.span.end)))
    everything = Problem(Span(0, len(text)), tree.msg or "invalid syntax")
    return ast.Module(body=[], type_ignores=[]), blank(text), (everything,)


def _top_level_statements(text: str, lines: Sequence[LogicalLine]) -> list[list[LogicalLine]]:
    """Runs of logical lines that belong to one statement at the left margin."""
    runs: list[list[LogicalLine]] = []
    decorated = False
    for line in lines:
        inside = runs and (line.indent > 0 or decorated or _CONTINUES.match(text, line.start))
        if inside:
            runs[-1].append(line)
        else:
            runs.append([line])
        decorated = line.indent == 0 and text.startswith("@", line.start)
    return runs


def _sound_ones_joined(
    text: str, runs: list[list[LogicalLine]], compiled: _Compile
) -> Iterator[list[LogicalLine]]:
    """The runs, those together that only seem apart: brackets may hold lines that look like statements."""
    number = 0
    while number < len(runs):
        lines = runs[number]
        number += 1
        if any(line.broken for line in lines):
            for end in range(number, min(number + _LOOKED_AHEAD, len(runs)) + 1):
                until = runs[end][0].start if end < len(runs) else len(text)
                joined = text[lines[0].start : until].rstrip(" \t\f")
                if isinstance(compiled(joined), ast.Module):
                    lines = [LogicalLine(lines[0].start, runs[end - 1][-1].end, lines[0].indent)]
                    number = end
                    break
        yield lines


def _class_header(source: str) -> str:
    """A class header with every name that a broken one gives as a base."""
    words = [word for word in _DOTTED.findall(source.removeprefix("class")) if not iskeyword(word)]
    name, *bases = words or ["_"]
    return f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"


def _conflicts(text: str) -> list[re.Match[str]]:
    """The lines that version control writes between two versions of a text."""
    return list(_CONFLICT.finditer(text)) if "<<<<<<< " in text else []


def _moved(line: LogicalLine, delta: int) -> LogicalLine:
    return LogicalLine(line.start + delta, line.end + delta, line.indent, line.broken)


class _ChunkRepair:
    """One top-level statement, `text`, and its logical lines."""

    def __init__(self, text: str, lines: list[LogicalLine], compiled: _Compile) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._lines = lines
        self._compiled = compiled
        self._positions = Positions(text)
        self._dropped: set[int] = set()

    def run(self) -> str:
        """The text, changed until it parses."""
        for index, line in enumerate(self._lines):
            if line.broken:
                self._drop(index, "a bracket or a string is not closed")
        for _ in range(_ROUNDS):
            error = self._compiled(self._text)
            if not isinstance(error, SyntaxError):
                return self._text
            if not self._mend(error):
                break
        self.problems.append(Problem(Span(0, self._lines[-1].end), "invalid syntax"))
        return blank(self._text)

    def _mend(self, error: SyntaxError) -> bool:
        """Remove one cause of `error`; False when it was removed before and the error stayed."""
        message = error.msg or "invalid syntax"
        index = self._index(error.lineno or 1)
        if message.startswith("expected an indented block"):
            return self._give_body(self._header(message, index), message)
        if message.startswith(("unexpected indent", "unindent does not match")):
            line = self._lines[index]
            self.problems.append(Problem(Span(line.start, line.end), message))
            return self._outdent(index, self._indent_before(index))
        if message.startswith("expected 'except'"):
            index = self._open_try(index)
        elif message.startswith("f-string"):
            index = self._broken_f_string(index)
        elif index and self._starts(index - 1, "@") and index - 1 not in self._dropped:
            index -= 1  # a decorator needs a definition below it
        return self._drop(index, message)

    def _index(self, line: int) -> int:
        """The logical line that holds a physical one, counted from 1."""
        last = self._positions.line_end(line)
        return max((i for i, x in enumerate(self._lines) if x.start < last), default=0)

    def _starts(self, index: int, word: str) -> bool:
        return self._text.startswith(word, self._lines[index].start)

    def _header(self, message: str, index: int) -> int:
        found = _HEADER_LINE.search(message)
        return self._index(int(found.group(1))) if found else max(index - 1, 0)

    def _open_try(self, index: int) -> int:
        """The nearest `try` above that no `except` or `finally` belongs to."""
        closed: set[int] = set()
        for i in range(index, -1, -1):
            indent = self._lines[i].indent
            if self._starts(i, "except") or self._starts(i, "finally"):
                closed.add(indent)
            elif self._starts(i, "try") and i not in self._dropped:
                if indent not in closed:
                    return i
                closed.discard(indent)
        return index

    def _broken_f_string(self, index: int) -> int:
        """Older compilers count lines inside an f-string; find the statement that fails alone."""
        for i, line in enumerate(self._lines):
            source = self._text[line.start : line.end]
            if i not in self._dropped and _F_STRING.search(source):
                error = compile_tree(source)
                if isinstance(error, SyntaxError) and (error.msg or "").startswith("f-string"):
                    return i
        return index

    def _indent_before(self, index: int) -> int:
        """The column a line that is indented for no reason should have."""
        wrong = self._lines[index].indent
        above = (x.indent for x in reversed(self._lines[:index]) if x.indent < wrong)
        return next(above, 0)

    def _has_block(self, index: int) -> bool:
        following = index + 1
        return following < len(self._lines) and self._lines[following].indent > self._lines[index].indent

    def _drop(self, index: int, message: str) -> bool:
        """Blank one logical line; what hangs below it stays."""
        if index in self._dropped:
            return False
        self._dropped.add(index)
        line = self._lines[index]
        self.problems.append(Problem(Span(line.start, line.end), message))
        source = self._text[line.start : line.end]
        keep = self._keep_header(source) if self._has_block(index) and BLOCK_WORDS.match(source) else ""
        room = len(_FIRST_LINE.match(source).group())  # type: ignore[union-attr]  # matches everywhere
        if len(keep) > room or (self._has_block(index) and not keep):
            self._outdent(index + 1, line.indent)
            keep = ""
        self._write(line, keep or ("pass" if room >= 4 else "0"))
        return True

    def _keep_header(self, source: str) -> str:
        """A header that parses and holds the same block."""
        if source.startswith("case"):
            return "case _:"
        if source.startswith("except"):
            return "except():"
        function = _FUNCTION_START.match(source)
        if function and len(function.group()) + 2 <= len(source):
            return f"{function.group()}):"
        if source.startswith("class"):
            salvaged = _class_header(source)
            if len(salvaged) <= len(source):
                return salvaged
        return "if 1:"

    def _write(self, line: LogicalLine, statement: str) -> None:
        rest = blank(self._text[line.start + len(statement) : line.end])
        self._text = f"{self._text[: line.start]}{statement}{rest}{self._text[line.end :]}"

    def _give_body(self, index: int, message: str) -> bool:
        """Put `pass` in the white space below a header that has no block yet, else drop the header."""
        line = self._lines[index]
        end = self._lines[index + 1].start if index + 1 < len(self._lines) else len(self._text)
        for match in re.finditer(r"(?<=[\r\n])[ \t]+(?=[\r\n]|$)", self._text[line.end : end]):
            room = match.end() - match.start()
            word = "pass" if room >= line.indent + 5 else "0"
            if room > line.indent:
                at = line.end + match.end() - len(word)
                self._text = f"{self._text[:at]}{word}{self._text[at + len(word) :]}"
                return True
        return self._drop(index, message)

    def _outdent(self, index: int, column: int) -> bool:
        """Move a block to `column`: a form feed among the leading blanks makes the tokenizer count anew."""
        wrong = self._lines[index].indent
        if wrong <= column:
            return False
        for line in self._lines[index:]:
            if line.indent < wrong:
                break
            line.indent = line.indent - wrong + column
            begin = self._positions.line_start(self._positions.line_of(line.start))
            room = line.start - begin
            if room <= line.indent:
                return False
            lead = f"{' ' * (room - line.indent - 1)}\f{' ' * line.indent}"
            self._text = f"{self._text[:begin]}{lead}{self._text[line.start :]}"
        return True
