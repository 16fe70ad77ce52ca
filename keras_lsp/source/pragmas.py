"""`# keras-lsp: input=(None, 32)`: the input that a user pins to a class, a function or a variable.

The comment stands on the line of the class, `def` or assignment, or directly above it, other comments between
or not. It is spelled like the arguments of a call: `input=` is the first argument of `call`, whatever its
name; further ones go by name, `query=(None, 16, 32), value=(None, 16, 32)`. A value is a shape with its batch
axis, `int32(None, 16)` where the dtype is not Keras's default, or a list, tuple or dict of values.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keras_lsp.source import syntax
from keras_lsp.source.facts import InputPragma
from keras_lsp.source.fingerprint import comments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.text.span import Span

_PRAGMA = re.compile(r"#\s*keras-lsp:\s*(.*?)\s*$", re.DOTALL)
_SAYS_ELSE = re.compile(r"ignore\b")  # a comment that silences findings
_LINE_END = re.compile(r"\r\n|\r|\n")
_FIRST = "input"
_EXPECTED = "a shape with its batch axis is expected, such as `input=(None, 32)`"


def read_pragmas(text: str, tree: ast.Module) -> tuple[InputPragma, ...]:
    """All pragmas that are about something; one that cannot be read says so in `problem`."""
    if "keras-lsp:" not in text:
        return ()
    found = []
    lines = _LINE_END.split(text)
    targets = dict(_targets(tree))
    for span in comments(text):
        match = _PRAGMA.match(span.of(text))
        if match is not None and not _SAYS_ELSE.match(match.group(1)):
            target = _target(text, lines, span, targets)
            said, problem = read_input(match.group(1))
            if target is not None:
                found.append(InputPragma(target, span, said, problem))
    return tuple(found)


def read_input(text: str) -> tuple[str, str]:
    """An input as it is written, in one spelling; and what is wrong with it, "" when nothing is."""
    call = syntax.expression(f"_({text}\n)")
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return "", f"This cannot be read: {_EXPECTED}."
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if len(call.args) > 1 or not values or any(keyword.arg is None for keyword in call.keywords):
        return "", f"One input is expected, others by name: {_EXPECTED}."
    for value in values:
        if not _is_input(value):
            return "", f"`{syntax.spelled(value)}` is no input: {_EXPECTED}."
    if len(values) == 1 and (call.args or call.keywords[0].arg == _FIRST):
        return syntax.spelled(values[0]), ""
    return ", ".join(
        [*map(syntax.spelled, call.args), *(f"{k.arg}={syntax.spelled(k.value)}" for k in call.keywords)]
    ), ""


def _is_input(node: ast.expr) -> bool:
    """A shape, or a structure of shapes."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and not node.keywords and _is_shape(node.args)
    if isinstance(node, ast.Dict):
        keyed = all(isinstance(key, ast.Constant) for key in node.keys)
        return keyed and bool(node.values) and all(map(_is_input, node.values))
    if not isinstance(node, ast.Tuple | ast.List) or not node.elts:
        return False
    return _is_shape(node.elts) or all(map(_is_input, node.elts))


def _is_shape(sizes: list[ast.expr]) -> bool:
    """At least the batch axis; a size is a positive integer or None."""
    values = [size.value if isinstance(size, ast.Constant) else 0 for size in sizes]
    return bool(values) and all(
        value is None or (type(value) is int and value > 0)  # bool is no size
        for value in values
    )


def _targets(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line, and the name of what is defined there; of a header all lines, from its first decorator on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            for line in range(first, max(node.lineno, node.body[0].lineno - 1) + 1):
                yield line, node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    yield line, target.id


def _target(text: str, lines: list[str], comment: Span, targets: dict[int, str]) -> str | None:
    line = len(_LINE_END.findall(text, 0, comment.start)) + 1
    if lines[line - 1].lstrip().startswith("#"):
        while line <= len(lines) and lines[line - 1].lstrip().startswith("#"):
            line += 1
    return targets.get(line)
