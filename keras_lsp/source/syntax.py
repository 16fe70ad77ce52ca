"""The one door to `ast.parse`.

Two threads must not be in it at once: CPython 3.11 and 3.12 count its recursion per interpreter and then
raise SystemError (https://github.com/python/cpython/issues/106905). Filters of warnings are global, too.
Ours wait for each other; libraries in other threads, as jedi with its `literal_eval`, do not: then again.
"""

from __future__ import annotations

import ast
import contextlib
import threading
import warnings
from typing import Any

_ONE_AT_A_TIME = threading.Lock()
_MOST_TRIES = 20


def compile_tree(text: str) -> ast.Module | SyntaxError:
    """The tree of a module, or why there is none, whatever is in `text`."""
    tree = _parse(text, "exec")
    return tree if isinstance(tree, (ast.Module, SyntaxError)) else SyntaxError("not a module")


def expression(text: str) -> ast.expr | None:
    """The tree of one expression; None when `text` is not one."""
    tree = _parse(text.strip(), "eval")
    return tree.body if isinstance(tree, ast.Expression) else None


def literal(text: str) -> Any:
    """The value of a literal such as `(None, 32)`; None when `text` is not one."""
    node = expression(text)
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None


def spelled(node: ast.AST) -> str:
    """The text of a node, written anew; of one nested deeper than Python follows, that it is long."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return "…"


def _parse(text: str, mode: str) -> ast.AST | SyntaxError:
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `1if x` and the like are the user's, not for our log
            return _undisturbed(text, mode)
    except SyntaxError as error:
        return error
    except (RecursionError, MemoryError, ValueError, OverflowError) as error:
        return SyntaxError(str(error) or "nested too deeply")


def _undisturbed(text: str, mode: str) -> ast.AST:
    for _ in range(_MOST_TRIES - 1):
        with contextlib.suppress(SystemError):
            return ast.parse(text, mode=mode)
    return ast.parse(text, mode=mode)
