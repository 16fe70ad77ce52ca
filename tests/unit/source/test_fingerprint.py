"""What changes the fingerprint of a text, and what does not."""

from __future__ import annotations

import io
import tokenize
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest

from keras_lsp.source.extract import extract

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = 'import keras\n\nx = 1\ny = "# no comment"\nif x:\n    z = f"{x}"\n'


def fingerprint(text: str) -> str:
    return extract(text).fingerprint


@pytest.mark.parametrize(
    "same",
    [
        "# a comment with 'quotes\n" + TEXT,
        TEXT.replace("x = 1\n", "x = 1  # it's one\n\n\n"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("    z", "    # indented\n    z"),
        TEXT + "\n\n",
        "\n  \n" + TEXT,
        '# it is """ quoted\n' + TEXT,
        TEXT.replace("x = 1", "x=1").replace("if x:", "if  x  :"),
        TEXT.replace("z = f", "z  =\tf"),
    ],
)
def test_comments_and_blanks_do_not_count(same: str) -> None:
    assert fingerprint(same) == fingerprint(TEXT)


@pytest.mark.parametrize(
    "other",
    [
        TEXT.replace("x = 1", "x = 2"),
        TEXT.replace("# no comment", "# other"),
        TEXT.replace("    z", "  z").replace("if x:\n", "if x:\n  w = 2\n"),
        TEXT.replace("\nif x:\n    z", "\nif x:\n    pass\nz"),
        TEXT + '"""\n# one\n"""\n',
        TEXT.replace("# no", "#  no"),
        TEXT.replace("x = 1", "not_x = 1"),
    ],
)
def test_code_counts(other: str) -> None:
    assert fingerprint(other) != fingerprint(TEXT)


def test_lines_in_long_strings_count() -> None:
    assert fingerprint('x = """\n# a\n"""\n') != fingerprint('x = """\n# b\n"""\n')


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = not b", "a = notb"),
        ("a = 'x' 'y'", "a = 'x', 'y'"),
        ("a = f'{b[\"#\"]}'  # c", "a = f'{b[\"#\"]}d'  # c"),
        ("if'{' in a: b", "if'{' in a: c"),
        ("a = '\\'#'", "a = '\\'!'"),
        ("a = b'x'", "a = 'x'"),
        ('a = """b""" + c', 'a = """b""" + d'),
        ("a = 1\nb = 2", "a = 1; b = 2"),
    ],
)
def test_programs_that_differ_a_little(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_tokens_decide(seed: Callable[[str], str]) -> None:
    """On a real text: any blank between two tokens may become three, whatever the tokens are."""
    text = seed("reading_weights")
    ends = list(accumulate(map(len, text.splitlines(keepends=True)), initial=0))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        at = ends[token.start[0] - 1] + token.start[1]
        if token.line[: token.start[1]].strip():
            assert fingerprint(text[:at] + "  " + text[at:]) == fingerprint(text), token


def test_a_broken_statement_does_not_count() -> None:
    assert fingerprint(TEXT + "x.layers[\n") == fingerprint(TEXT + "x.layers[0\n")
