"""What changes the fingerprint of a text, and what does not."""

from __future__ import annotations

import pytest

from keras_lsp.source.extract import extract

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
    ],
)
def test_comments_and_blank_lines_do_not_count(same: str) -> None:
    assert fingerprint(same) == fingerprint(TEXT)


@pytest.mark.parametrize(
    "other",
    [
        TEXT.replace("x = 1", "x = 2"),
        TEXT.replace("# no comment", "# other"),
        TEXT.replace("    z", "  z").replace("if x:\n", "if x:\n  w = 2\n"),
        TEXT.replace("\nif x:\n    z", "\nif x:\n    pass\nz"),
        TEXT + '"""\n# one\n"""\n',
    ],
)
def test_code_counts(other: str) -> None:
    assert fingerprint(other) != fingerprint(TEXT)


def test_lines_in_long_strings_count() -> None:
    assert fingerprint('x = """\n# a\n"""\n') != fingerprint('x = """\n# b\n"""\n')


def test_a_broken_statement_does_not_count() -> None:
    assert fingerprint(TEXT + "x.layers[\n") == fingerprint(TEXT + "x.layers[0\n")
