from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keras_lsp.text.document import Document
from keras_lsp.text.line_index import Encoding
from keras_lsp.text.notebook import CellMap, edits_between
from keras_lsp.text.span import Span

CELL = st.text(alphabet="ab=%!\n\r\té中😀\u0301 ", max_size=12)
CELLS = st.lists(CELL, max_size=5)


def of(*texts: str, keys: str = "abcdefgh") -> CellMap:
    cells = tuple(Document(key, 1, text) for key, text in zip(keys, texts, strict=False))
    return CellMap(cells, tuple(range(2, 2 * len(cells) + 2, 2)))  # between cells of other kinds


def test_nothing() -> None:
    cells = of()
    assert cells.text == ""
    assert cells.place(Span(0, 0)) is None
    assert list(cells.parts(Span(0, 3))) == []
    assert cells.edits(Span(0, 0), "x") == []


def test_magics_are_blanked() -> None:
    assert of("%pip\nx", "!ls", "y").text == "    \nx\n\n   \n\ny\n\n"


def test_a_backslash_at_the_end_takes_nothing_of_the_next_cell() -> None:
    compile(of("x = 1 \\", "y = 2").text, "cells", "exec")


def test_what_is_between_belongs_to_the_cell_before() -> None:
    cells = of("ab", "", "c")  # "ab\n\n" "\n\n" "c\n\n"
    assert [cells.number_at(offset) for offset in range(10)] == [0, 0, 0, 0, 1, 1, 2, 2, 2, 2]
    assert cells.place(Span(3, 3)) == (0, Span(2, 2))
    assert cells.place(Span(3, 7)) == (2, Span(0, 1))  # it begins in no cell's text before
    assert list(cells.parts(Span(1, 7))) == [(0, Span(1, 2)), (2, Span(0, 1))]


@given(CELLS, st.data())
def test_every_place_of_a_cell_comes_back(texts: list[str], data: st.DataObject) -> None:
    cells = of(*texts)
    for number, cell in enumerate(cells.cells):
        offset = data.draw(st.integers(0, len(cell.text)))
        joined = cells.joined(number, offset)
        assert cells.number_at(joined) == number
        assert cells.place(Span(joined, joined)) == (number, Span(offset, offset))
        assert cells.span(number).of(cells.text) == cells.python[number]
        for encoding in Encoding:
            line, column = cell.lines.position(offset, encoding)
            there = cells.joined(number, cell.lines.offset(line, column, encoding))
            # Within a line's end there is no place: then it is that before it.
            assert there == joined or cell.text[offset - 1 : offset + 1] == "\r\n"


@given(CELLS, st.data())
def test_parts_are_all_of_a_span_and_nothing_else(texts: list[str], data: st.DataObject) -> None:
    cells = of(*texts)
    start = data.draw(st.integers(0, len(cells.text)))
    span = Span(start, data.draw(st.integers(start, len(cells.text))))
    got = {cells.joined(number, 0) + at for number, p in cells.parts(span) for at in range(p.start, p.end)}
    own = {at for n in range(len(texts)) for at in range(cells.span(n).start, cells.span(n).end)}
    assert got == own & set(range(span.start, span.end))


@given(CELLS.filter(bool), st.data())
def test_edits_of_cells_make_the_text_that_the_edit_makes(texts: list[str], data: st.DataObject) -> None:
    cells = of(*(text.replace("%", "a").replace("!", "a") for text in texts))
    assume(cells.python == tuple(cell.text for cell in cells.cells))
    number = data.draw(st.integers(0, len(texts) - 1))
    cell = cells.span(number)
    start = data.draw(st.integers(cell.start, cell.end))
    span = Span(start, data.draw(st.integers(start, cell.end)))
    new = data.draw(st.sampled_from(["", "x", "x = 1\n"]))
    ((where, part, text),) = cells.edits(span, new)
    assert where == number
    changed = [one.text for one in cells.cells]
    changed[number] = changed[number][: part.start] + text + changed[number][part.end :]
    joined = cells.text
    assert "".join(f"{one}\n\n" for one in changed) == joined[: span.start] + new + joined[span.end :]


def test_a_line_behind_the_last_one_of_a_cell() -> None:
    cells = of("m = Net()", "m.weights")
    assert cells.edits(Span(10, 10), "m.build(3)\n") == [(0, Span(9, 9), "\nm.build(3)")]
    assert cells.edits(Span(0, 10), "n = Net()\n") == [(0, Span(0, 9), "n = Net()")]
    assert cells.edits(Span(11, 11), "m.build(3)\n") == [(1, Span(0, 0), "m.build(3)\n")]
    assert cells.edits(Span(4, 14), "z") == [(0, Span(4, 9), "z"), (1, Span(0, 3), "")]


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ({"a": "AA", "b": "BB", "c": "CC"}, {"a": "AA", "b": "B1B", "c": "CC"}, ""),
        ({"a": "AA", "b": "BB", "c": "CC"}, {"a": "A1A", "b": "BB", "c": "C2C"}, ""),
        ({"a": "AA", "b": "BB", "c": "CC"}, {"a": "AA", "x": "XX", "b": "BB", "c": "CC"}, ""),
        ({"a": "AA", "b": "BB", "c": "CC"}, {"a": "AA", "c": "CC"}, "B"),
        ({"a": "AA", "b": "BB", "c": "CC"}, {"b": "BB", "c": "CC", "a": "AA"}, "A"),
        ({"a": "AA", "b": "BB"}, {"a": "11", "b": "BB"}, "A"),
        ({"a": "AA", "b": "BB"}, {}, "AB"),
        ({}, {"a": "AA"}, ""),
    ],
)
def test_what_does_not_change_keeps_its_place(old: dict[str, str], new: dict[str, str], lost: str) -> None:
    before, after = (of(*cells.values(), keys="".join(cells)) for cells in (old, new))
    shift = edits_between(before, after)
    for text in old.values():
        start = before.text.index(text)
        moved = shift.apply(Span(start, start + 2))
        assert (moved is None) == (text[0] in lost), text
        if moved is not None:
            there = moved.of(after.text)
            assert there.startswith(text[0]) and there.endswith(text[1])


@given(CELLS, CELLS, st.permutations("abcde"))
def test_any_two_notebooks(old: list[str], new: list[str], keys: list[str]) -> None:
    before, after = of(*old), of(*new, keys="".join(keys))
    shift = edits_between(before, after)
    assert len(before.text) + sum(edit.delta for edit in shift.edits) == len(after.text)


def test_sentences_name_the_cell() -> None:
    cells = of("a\nb", "c\r\nd")
    document = Document("nb", 1, cells.text, None, cells)
    assert document.spot(document.text.index("d")) == "line 2 of cell 4"
    assert Document("py", 1, "a\nb").spot(2) == "line 2"
