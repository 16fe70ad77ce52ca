from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_lsp.text.line_index import Encoding, LineIndex
from keras_lsp.text.span import Span

TEXT = st.text(alphabet="ab\n\r\t\f\v\x1c\x85\u2028\u2029é中😀\u0301\ud800", max_size=40)
ENCODINGS = st.sampled_from(Encoding)
ANYWHERE = st.integers(min_value=-3, max_value=60)


def encoded(text: str, encoding: Encoding) -> bytes:
    codec = {Encoding.UTF8: "utf-8", Encoding.UTF16: "utf-16-le", Encoding.UTF32: "utf-32-le"}[encoding]
    return text.encode(codec, "surrogatepass")


def units(text: str, encoding: Encoding) -> int:
    return len(encoded(text, encoding)) // {Encoding.UTF8: 1, Encoding.UTF16: 2, Encoding.UTF32: 4}[encoding]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        ("\n\r\n\r", ["", "", "", ""]),
        ("a\fb\vc\x1cd\x85e\u2028f\u2029g\nh", ["a\fb\vc\x1cd\x85e\u2028f\u2029g", "h"]),
    ],
)
def test_lines_end_at_lf_crlf_and_cr_only(text: str, lines: list[str]) -> None:
    index = LineIndex(text)
    assert [index.line_span(n).of(text) for n in range(index.line_count)] == lines


@pytest.mark.parametrize(
    ("encoding", "column"), [(Encoding.UTF8, 9), (Encoding.UTF16, 4), (Encoding.UTF32, 3)]
)
def test_columns_count_the_units_of_the_encoding(encoding: Encoding, column: int) -> None:
    text = "x\né中😀 y"
    assert LineIndex(text).position(text.index(" "), encoding) == (1, column)


@pytest.mark.parametrize(
    ("encoding", "inside"), [(Encoding.UTF8, (1, 2, 3)), (Encoding.UTF16, (1,)), (Encoding.UTF32, ())]
)
def test_a_column_inside_a_character_rounds_down(encoding: Encoding, inside: tuple[int, ...]) -> None:
    index = LineIndex("😀b")
    assert [index.offset(0, column, encoding) for column in inside] == [0] * len(inside)
    assert index.offset(0, units("😀", encoding), encoding) == 1


def test_positions_outside_the_text_are_clamped() -> None:
    index = LineIndex("ab\r\ncd")
    assert index.offset(-1, 5, Encoding.UTF16) == 0
    assert index.offset(0, -1, Encoding.UTF16) == 0
    assert index.offset(0, 99, Encoding.UTF16) == 2
    assert index.offset(1, 99, Encoding.UTF16) == 6
    assert index.offset(7, 0, Encoding.UTF16) == 6
    assert index.position(99, Encoding.UTF16) == (1, 2)
    assert index.position(-1, Encoding.UTF16) == (0, 0)


def test_an_offset_inside_a_line_ending_is_at_the_end_of_its_line() -> None:
    assert LineIndex("ab\r\ncd").position(3, Encoding.UTF16) == (0, 2)


def test_a_lone_surrogate_counts_like_any_other_unit() -> None:
    index = LineIndex("\ud800x")
    assert [index.position(1, encoding)[1] for encoding in Encoding] == [3, 1, 1]


@given(TEXT, ENCODINGS)
def test_every_offset_in_a_line_survives_the_round_trip(text: str, encoding: Encoding) -> None:
    index = LineIndex(text)
    for line in range(index.line_count):
        content = index.line_span(line)
        for offset in range(content.start, content.end + 1):
            position = index.position(offset, encoding)
            assert position == (line, units(text[content.start : offset], encoding))
            assert index.offset(*position, encoding) == offset


@given(TEXT)
def test_lines_with_their_endings_tile_the_text(text: str) -> None:
    index = LineIndex(text)
    spans = [index.line_span(n, with_ending=True) for n in range(index.line_count)]
    assert "".join(span.of(text) for span in spans) == text
    assert all(index.line_of(o) == n for n, span in enumerate(spans) for o in range(span.start, span.end))


@given(TEXT, ANYWHERE, ANYWHERE, ENCODINGS)
def test_any_position_is_a_place_in_the_text(text: str, line: int, column: int, encoding: Encoding) -> None:
    index = LineIndex(text)
    offset = index.offset(line, column, encoding)
    assert 0 <= offset <= len(text)
    if 0 <= line < index.line_count:
        content = index.line_span(line)
        assert content.touches(offset)
        assert units(text[content.start : offset], encoding) <= max(0, column)


@given(TEXT, ANYWHERE, ENCODINGS)
def test_any_offset_has_a_position(text: str, offset: int, encoding: Encoding) -> None:
    line, column = LineIndex(text).position(offset, encoding)
    assert line >= 0
    assert column >= 0


def test_a_line_that_does_not_exist_is_the_nearest_one() -> None:
    index = LineIndex("a\nbc")
    assert index.line_span(-2) == Span(0, 1)
    assert index.line_span(9) == Span(2, 4)
