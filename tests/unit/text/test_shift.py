from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_lsp.text.shift import Shift
from keras_lsp.text.span import Span

TEXT = st.text(alphabet="ab\n", max_size=12)
DISTINCT = "abcdefghijklmnop"  # no letter twice, so that an edit has one reading


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    return text[:start] + draw(st.text(alphabet="XYZ", max_size=3)) + text[end:]


@st.composite
def spans(draw: st.DrawFn, text: str, at_least: int = 0) -> Span:
    start = draw(st.integers(0, len(text) - at_least))
    return Span(start, draw(st.integers(start + at_least, len(text))))


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("m = Dense(64)", "Dense(64)"),
        ("# c\nm = Dense(64)", "Dense(64)"),  # inserted before
        ("m = Dense(64)  # c", "Dense(64)"),  # inserted after
        ("m = Dense(128)", "Dense(128)"),  # edited inside
        ("m = Dense(6)", "Dense(6)"),
        ("m = xDense(64)", "Dense(64)"),  # inserted at the start
        ("m = Dense(64)(y)", "Dense(64)"),  # inserted at the end
        ("m = ense(64)", None),  # its first character is gone
        ("m = Conv2D(3)", None),  # replaced from the start on
        ("m = ", None),
        ("", None),
    ],
)
def test_one_edit(new: str, expected: str | None) -> None:
    old = "m = Dense(64)"
    moved = Shift.between(old, new).apply(Span(4, 13))
    assert (moved.of(new) if moved else None) == expected


def test_nothing_changed() -> None:
    assert Shift.between("abc", "abc") == Shift.identity()
    assert Shift.identity().apply(Span(1, 2)) == Span(1, 2)


def test_what_is_typed_in_one_go_is_one_edit() -> None:
    texts = ["a = 1", "a = 1\n", "a = 1\nb", "a = 1\nbc", "a = 1\nb", "a = 1\nbd"]
    shift = Shift.identity()
    for old, new in pairwise(texts):
        shift = shift.then(Shift.between(old, new))
    assert len(shift.edits) == 1
    assert shift.apply(Span(0, 5)) == Span(0, 5)


def test_an_edit_taken_back_leaves_no_trace() -> None:
    there = Shift.between("ab", "aXb")
    back = Shift.between("aXb", "ab")
    assert there.then(back) == Shift.identity()


@given(st.data())
def test_text_outside_the_edit_is_found_again(data: st.DataObject) -> None:
    new = data.draw(edited(DISTINCT))
    for start in range(len(DISTINCT)):
        letter = DISTINCT[start]
        moved = Shift.between(DISTINCT, new).apply(Span(start, start + 1))
        assert (moved.of(new) if moved else None) == (letter if letter in new else None)


@given(st.data())
def test_a_moved_span_keeps_its_first_and_last_character(data: st.DataObject) -> None:
    new = data.draw(edited(DISTINCT))
    span = data.draw(spans(DISTINCT, at_least=1))
    moved = Shift.between(DISTINCT, new).apply(span)
    if moved is not None:
        old_text, new_text = span.of(DISTINCT), moved.of(new)
        assert (old_text[0], old_text[-1]) == (new_text[0], new_text[-1])


@given(st.data())
def test_edits_compose(data: st.DataObject) -> None:
    texts = [DISTINCT]
    for _ in range(data.draw(st.integers(1, 5))):
        texts.append(data.draw(edited(texts[-1])))
    span: Span | None = data.draw(spans(DISTINCT, at_least=1))
    assert span is not None
    whole = Shift.identity()
    moved: Span | None = span
    for old, new in pairwise(texts):
        step = Shift.between(old, new)
        whole = whole.then(step)
        moved = step.apply(moved) if moved is not None else None
    assert whole.apply(span) == moved


@given(TEXT, TEXT, st.data())
def test_the_result_is_a_span_of_the_new_text(old: str, new: str, data: st.DataObject) -> None:
    moved = Shift.between(old, new).apply(data.draw(spans(old)))
    assert moved is None or moved.end <= len(new)


def test_lines_that_stayed_are_found_between_those_that_did_not() -> None:
    old = "import keras\n# old\na = Dense(1)\n\nb = Dense(2)\n# end\n"
    new = "# new\n\nimport keras\na = Dense(1)  # wide\nb = Dense(2)\n# the end"
    shift = Shift.by_lines(old, new)
    assert shift is not None
    for text in ("import keras", "Dense(1)", "b = Dense(2)"):
        start = old.index(text)
        moved = shift.apply(Span(start, start + len(text)))
        assert moved is not None
        assert moved.of(new) == text
    comment = old.index("# old")
    assert shift.apply(Span(comment, comment + 5)) is None
    assert Shift.by_lines(old, old) == Shift.identity()
    assert Shift.by_lines(old, old.replace("Dense(1)", "Dense( 1)")) is None


@given(
    st.lists(st.sampled_from(["a = 1\n", "b\n", "# c\n", "\n", "  d  # e\r\n", "f # g"]), max_size=8),
    st.data(),
)
def test_lines_of_code_are_where_they_are_whatever_comments_come_and_go(
    lines: list[str], data: st.DataObject
) -> None:
    code = [line for line in lines if line.partition("#")[0].strip()]
    new = "".join(data.draw(st.sampled_from(["", "# x\n", "\n"])) + line for line in code)
    old = "".join(lines)
    shift = Shift.by_lines(old, new)
    if shift is None:  # where lines have run into each other
        return
    starts = [i for i, line in enumerate(lines) if line in code]
    place = 0
    for number in starts:
        word = lines[number].partition("#")[0].strip()
        start = len("".join(lines[:number])) + lines[number].index(word)
        moved = shift.apply(Span(start, start + len(word)))
        assert moved is not None
        assert moved.of(new) == word
        assert moved.start >= place
        place = moved.end
