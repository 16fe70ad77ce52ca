"""Every cut and every half-typed insertion in the seeds: nothing raises, and facts elsewhere stay."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.source.extract import extract

if TYPE_CHECKING:
    from keras_lsp.source.facts import ModuleFacts

SEEDS = sorted((Path(__file__).parent.parent / "fixtures" / "seeds").glob("*.py"))
TYPED = ["(", "[", '"', "x.", "self.", "model.layers[", "def ", ":", "@", "f'{", "if ", "\\"]


def assert_inside(facts: ModuleFacts, text: str) -> None:
    """Every span is a stretch of the text, and references are in order."""
    spans = [reference.span for reference in facts.references]
    spans += [use.span for use in facts.weight_uses]
    spans += [path.span for path in facts.paths]
    spans += [problem.span for problem in facts.problems]
    assert all(span.end <= len(text) for span in spans)
    starts = [reference.span.start for reference in facts.references]
    assert starts == sorted(starts)


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_every_prefix(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    whole = extract(text)
    for end in range(len(text)):
        facts = extract(text[:end])
        assert_inside(facts, text[:end])
        for model in whole.classes:
            if model.span.end < end:
                found = facts.model_class(model.name)
                assert found is not None, f"{model.name} is gone when the text ends at {end}"
                assert found.slots == model.slots


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_every_line_half_typed(path: Path) -> None:
    """A half-typed line in the middle of the text takes nothing from the lines around it."""
    text = path.read_text(encoding="utf-8")
    whole = extract(text)
    lines = text.splitlines(keepends=True)
    at = 0
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        for typed in TYPED:
            changed = f"{text[:at]}{indent}{typed}\n{text[at:]}"
            facts = extract(changed)
            assert_inside(facts, changed)
            assert_same_slots(whole, facts, at)
        at += len(line)


def assert_same_slots(whole: ModuleFacts, facts: ModuleFacts, at: int) -> None:
    for model in whole.classes:
        found = facts.model_class(model.name)
        if found is None:  # a broken import line takes the meaning of the names below it
            assert at <= model.span.start
            continue
        assert [slot.path for slot in found.slots] == [slot.path for slot in model.slots]


def real_files() -> list[Path]:
    folder = Path(sysconfig.get_path("stdlib"))
    return sorted(path for path in folder.glob("*.py"))[::6]


@pytest.mark.parametrize("path", real_files(), ids=lambda path: path.stem)
def test_real_code(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    facts = extract("import keras\n" + text)
    assert_inside(facts, "import keras\n" + text)
    assert facts.classes == ()
    assert facts.problems == ()
