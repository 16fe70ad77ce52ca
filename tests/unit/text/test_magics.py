"""Cells as IPython takes them, which tells what a magic is, and as Python must be able to read them."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_lsp.text.magics import python_of

LINES = [
    "%matplotlib inline", "!pip install keras", "x = 1", "if x:", "    %cd data", "    y = 2",
    "model?", "?model", "files = !ls", "t = %timeit -o f()", "%time z = 3", "%%time", "%%bash",
    '"""', "'a'", "a = (1", "% 2)", ")", "# what?", "s = '%x'", "é = '😀' \\", "", "x = x \\",
    "await f()", "/f x", ",f a", ";f a", "  ", "def g():", "    return 1", "%", "!", "!!ls",
    "f'{x!r}'", "a[0] = !ls \\", "\x0c%x",
]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%matplotlib inline\nx = 1", "                  \nx = 1"),
        (
            "!pip install \\\n  keras\nx = 1",
            "              \n       \nx = 1",
        ),
        ("if a:\n    %cd data\n    !x\nb", "if a:\n    pass    \n    0 \nb"),
        ("files = !ls *.py\nn = len(files)", "files = __      \nn = len(files)"),
        ("x = !", "x = _"),
        ("t = %timeit -o f()", "t = __            "),
        ("d['a'], b = !ls", "d['a'], b = __ "),
        ("%time m = f(3)", "0;    m = f(3)"),
        ("for i in a:\n  %time m = f(i)", "for i in a:\n  0;    m = f(i)"),
        ("%time", "     "),
        ("%timeit f(3)", "            "),
        ("keras.layers.Dense?\n?model\nmodel??", "                   \n      \n       "),
        ("%%time\n!ls\nx = 1", "      \n   \nx = 1"),
        ("\n%%capture out\n%%time\nx", "\n             \n      \nx"),
        ("%%bash\nls\n", "      \n  \n"),
        ("%%writefile a.py\nimport keras", "                \n            "),
        ("%%time?\nx = 1", "       \nx = 1"),
        ("!ls\r\nx = 1\r%y\r", "   \r\nx = 1\r  \r"),
        ('x = f(1, """a\nb', 'x = f(1, ""  \n '),
        ("/f x\n,f a b\n;f a", "    \n      \n    "),
        ("  x = 1\n  if x:\n    y", " \fx = 1\n \fif x:\n \f  y"),
    ],
)
def test_what_is_not_python(cell: str, expected: str) -> None:
    assert python_of(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "x = (a\n% b)",
        "x = a \\\n% b",
        'text = """\n%matplotlib inline\n!ls\nreally?\n"""',
        "text = '''\n''' '%x'",
        "# %matplotlib inline\n# !pip\nx = 1  # why?",
        "# %%\nx = 1\n# + tags=[]\n# %time f()",  # Jupytext
        "a != b\nx == '!ls'\nf'{x=!r}'",
        "print('?')\nx = '='  '%d' % 3",
        "get_ipython().run_line_magic('matplotlib', 'inline')",  # what jupyterlab-lsp makes of one
        "def f(a, *, b=3, /):\n    return a % b",
        "",
    ],
)
def test_what_is_python(cell: str) -> None:
    assert python_of(cell) == cell


@given(st.lists(st.sampled_from(LINES), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_length_and_lines_are_kept(lines: list[str], ending: str) -> None:
    cell = ending.join(lines)
    python = python_of(cell)
    assert len(python) == len(cell)
    assert _line_ends(python) == _line_ends(cell)


@given(st.text(max_size=40))
def test_any_text(cell: str) -> None:
    python = python_of(cell)
    assert len(python) == len(cell)
    assert _line_ends(python) == _line_ends(cell)


@given(st.text(alphabet="ab =%!?()\"'\\\n#", max_size=30))
def test_python_that_parses_is_left_alone(cell: str) -> None:
    try:
        ast.parse(cell)
    except (SyntaxError, ValueError):
        return
    assert python_of(cell) == cell


def _line_ends(text: str) -> list[tuple[int, str]]:
    return [(found.start(), found.group()) for found in re.finditer(r"\r\n|\r|\n", text)]
