"""Pinned inputs as the worker reads them: the same texts as the server, and the tensors they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from keras_lsp.source.pragmas import read_input
from keras_lsp.worker.report import TensorSpec
from keras_lsp.worker.search.spoken_input import spoken_input

if TYPE_CHECKING:
    from keras_lsp.worker.lines.symbolic import KerasLine


class Line:
    """Stands for Keras: a symbolic input is its spec."""

    def symbolic_input(self, spec: TensorSpec) -> TensorSpec:
        return spec


LINE = cast("KerasLine", Line())
PLAIN = TensorSpec((None, 32), "float32")
IDS = TensorSpec((None, 16), "int32")


@pytest.mark.parametrize(
    ("text", "args", "kwargs"),
    [
        ("(None, 32)", [PLAIN], {}),
        ("input=(None, 32)", [PLAIN], {}),
        ("[None, 32]", [PLAIN], {}),
        ("(8,)", [TensorSpec((8,), "float32")], {}),
        ("int32(None, 16)", [IDS], {}),
        ('{"ids": int32(None, 16), "x": (None, 32)}', [{"ids": IDS, "x": PLAIN}], {}),
        ("[(None, 32), int32(None, 16)]", [[PLAIN, IDS]], {}),
        ("((None, 32), int32(None, 16))", [(PLAIN, IDS)], {}),
        ("(None, 32), mask=int32(None, 16)", [PLAIN], {"mask": IDS}),
        ("query=(None, 32), key=int32(None, 16)", [], {"query": PLAIN, "key": IDS}),
    ],
)
def test_what_is_said(text: str, args: list[object], kwargs: dict[str, object]) -> None:
    spoken = spoken_input(text)
    assert spoken is not None
    assert spoken.arguments(LINE) == (args, kwargs)
    again = spoken_input(spoken.text())
    assert again is not None
    assert again.arguments(LINE) == (args, kwargs)


def test_a_dtype_that_is_not_said_is_the_callers() -> None:
    spoken = spoken_input("input=(None, 16), other=bool(None, 16)")
    assert spoken is not None
    args, kwargs = spoken.arguments(LINE, "int32")
    assert (args, kwargs) == ([IDS], {"other": TensorSpec((None, 16), "bool")})


@pytest.mark.parametrize(
    "text",
    [
        *("(None, 32)", "input=int32(None, 16)", '{"a": [(None, 3)]}', "q=(None, 3), k=(None, 4)", "(2, 3)"),
        *("", "(None, 32", "None", "32", "(None, n)", "(None, -1)", "(None, 0)", "(None, True)", "()", "[]"),
        *(
            "(1,), (2,)",
            "(1,)), f(",
            "**x",
            "*x",
            "int32()",
            "int32(None, d=3)",
            "keras.int32(None)",
            "{}",
            '"x"',
        ),
    ],
)
def test_server_and_worker_read_alike(text: str) -> None:
    said, problem = read_input(text)
    spoken = spoken_input(text)
    assert (spoken is None) == bool(problem)
    if spoken is not None:
        assert spoken_input(said) == spoken
