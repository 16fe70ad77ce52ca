"""Every cut and every half-typed insertion in the seeds: nothing raises, and facts elsewhere stay."""

from __future__ import annotations

import os
import random
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.completion import complete
from keras_lsp.features.definition import definition
from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.hover import hover
from keras_lsp.features.symbols import document_symbols
from keras_lsp.source.extract import extract
from tests.unit.features.views import KEY, static

if TYPE_CHECKING:
    from keras_lsp.source.facts import ModuleFacts

SEEDS = sorted((Path(__file__).parent.parent / "fixtures" / "seeds").glob("*.py"))
TYPED = ["(", "[", '"', "x.", "self.", "model.layers[", "def ", ":", "@", "f'{", "if ", "\\"]


def assert_inside(facts: ModuleFacts, text: str) -> None:
    """Every span is a stretch of the text, and references are in order."""
    spans = [reference.span for reference in facts.references]
    spans += [use.span for use in facts.weight_uses]
    spans += [binding.span for binding in facts.holders]
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


# Every file of the standard library and of the installed packages instead of a few: takes hours.
EVERY_FILE = bool(os.environ.get("KERAS_LSP_EVERY_FILE"))


def real_files() -> list[Path]:
    folder = Path(sysconfig.get_path("stdlib"))
    return sorted(path for path in folder.glob("*.py"))[::6]


def installed_files() -> list[Path]:
    """Of packages and of the library, those that speak of Keras before others."""
    found = [
        path
        for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("stdlib")}
        for path in sorted(Path(folder).rglob("*.py"))
    ]
    if EVERY_FILE:
        return found
    return [path for path in found if "keras" in str(path)][::120] + found[::1500]


@pytest.mark.parametrize("path", real_files(), ids=lambda path: path.stem)
def test_real_code(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    facts = extract("import keras\n" + text)
    assert_inside(facts, "import keras\n" + text)
    assert facts.classes == ()
    assert facts.problems == ()


def test_installed_code() -> None:
    """Whole, cut off and with something half-typed in it; features at some offsets of each."""
    files = installed_files()
    assert files
    for path in files:
        choose = random.Random(path.name)  # noqa: S311  # not for secrets
        text = "import keras\n" + path.read_bytes().decode("utf-8", "replace")
        at = choose.randrange(len(text) + 1)
        for changed in (text, text[:at], f"{text[:at]}{choose.choice(TYPED)}{text[at:]}"):
            snapshot = static(changed)
            assert_inside(snapshot.views[KEY].facts, changed)
            document_symbols(snapshot, KEY)
            diagnostics(snapshot, KEY)
            for offset in {min(at, len(changed)), *(choose.randrange(len(changed) + 1) for _ in range(8))}:
                hover(snapshot, KEY, offset)
                complete(snapshot, KEY, offset)
                definition(snapshot, KEY, offset)
