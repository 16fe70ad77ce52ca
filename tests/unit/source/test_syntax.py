"""The one door to `ast.parse`: any text, any thread."""

from __future__ import annotations

import ast
import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import keras_lsp
from keras_lsp.source import syntax
from keras_lsp.source.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = Path(keras_lsp.__file__).parent


def test_threads_may_parse_at_the_same_time(seed: Callable[[str], str]) -> None:
    names = ("subclassed", "functional", "nested", "reading_weights")
    texts = [seed(name) * 20 for name in names] * 10
    with ThreadPoolExecutor(4) as pool:
        assert all(not module.problems for module in pool.map(parse, texts))


class Garbage:
    """In a circle: collected while whatever code runs, which then lets other threads run."""

    def __init__(self) -> None:
        self.circle = self

    def __del__(self) -> None:
        time.sleep(0)


def test_a_library_may_parse_at_the_same_time(seed: Callable[[str], str]) -> None:
    done = threading.Event()

    def library() -> None:
        while not done.is_set():
            with contextlib.suppress(SystemError):  # its own trouble
                ast.literal_eval("[(1, [2])]")

    text = seed("nested")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(library)
        try:
            for _ in range(50):
                _ = [Garbage() for _ in range(20)]
                assert isinstance(syntax.compile_tree(text), ast.Module)
        finally:
            done.set()


def test_nobody_goes_around_the_door() -> None:
    rooms = [path for path in PACKAGE.iterdir() if path.is_dir() and path.name != "worker"]
    callers = [path.name for room in rooms for path in room.rglob("*.py") if "ast.parse(" in path.read_text()]
    assert callers == ["syntax.py"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("(None, 32)", (None, 32)), (" [1] ", [1]), ("x", None), ("(", None), ("", None), ("1 +", None)],
)
def test_literals(text: str, value: object) -> None:
    assert syntax.literal(text) == value


def test_a_node_is_spelled_however_deep_it_is() -> None:
    node = syntax.expression("a.b( 1 )")
    assert node is not None
    assert syntax.spelled(node) == "a.b(1)"
    deep = syntax.expression("a" + ".b" * 2000)
    assert deep is not None
    assert syntax.spelled(deep) == "…"
