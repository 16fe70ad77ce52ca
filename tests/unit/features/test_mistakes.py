"""What is found of the mistakes that people really make, and that nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.results import Severity
from keras_lsp.features.rules import RULES
from tests.unit.features import mistakes
from tests.unit.features.views import KEY, applied, current, static

if TYPE_CHECKING:
    from tests.unit.features.conftest import RaisedBy, Replayed
    from tests.unit.features.mistakes import Mistake

MISTAKES = mistakes.read()
LINES = (3, 2)
HEAD = MISTAKES[0].bad.split("\n\n", 1)[0] + "\n\n"
LOUD = (Severity.ERROR, Severity.WARNING)

# Runs many programs for real in one process; the exception it ends with names those that end otherwise.
RUN_ALL = """import os, tempfile
os.chdir(tempfile.mkdtemp())
wrong = []
for name, text, expected in {programs!r}:
    try:
        exec(compile(text, "program.py", "exec"), {{"__name__": "__main__"}})
        ends = ""
    except Exception as error:
        ends = type(error).__name__
    if ends != expected:
        wrong.append(f"{{name}} ends with {{ends or 'nothing'}}")
if wrong:
    raise type("; ".join(wrong), (Exception,), {{}})()
"""


def found_in(text: str, replayed: Replayed, line: int) -> list[str]:
    return [f.code for f in diagnostics(current(text, replayed(text, line)), KEY)]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_is_found(replayed: Replayed, mistake: Mistake) -> None:
    for line in LINES:
        codes = found_in(mistake.bad, replayed, line)
        if mistake.found[line]:
            assert mistake.found[line] in codes
        else:
            assert codes == []
            assert mistake.says_why_missed or not mistake.is_one[line]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_twin_is_quiet(replayed: Replayed, mistake: Mistake) -> None:
    assert found_in(mistake.good, replayed, 3) == []
    assert [f for f in diagnostics(static(mistake.good, 3), KEY) if f.severity in LOUD] == []


@pytest.mark.parametrize("line", LINES)
def test_headings_say_what_real_runs_do(raised_by: RaisedBy, line: int) -> None:
    programs = [(m.name, m.bad, m.ends[line]) for m in MISTAKES]
    programs += [(f"right {m.name}", m.good, "") for m in MISTAKES if line == 3]
    assert raised_by(RUN_ALL.format(programs=programs), line) == ""


@pytest.mark.parametrize("line", LINES)
def test_fixed_programs_run(replayed: Replayed, raised_by: RaisedBy, line: int) -> None:
    programs = []
    for mistake in MISTAKES:
        findings = diagnostics(current(mistake.bad, replayed(mistake.bad, line)), KEY)
        fixes = [(f.code, fix) for f in findings for fix in f.fixes if fix.preferred]
        if not fixes:
            continue
        code, fix = next((pair for pair in fixes if pair[0] == mistake.found[line]), fixes[0])
        text = applied(mistake.bad, fix.edits)
        assert code not in found_in(text, replayed, line), text
        programs.append((mistake.name, text, ""))
    assert len(programs) > 20
    assert raised_by(RUN_ALL.format(programs=programs), line) == ""


def test_share_that_is_found() -> None:
    """By entries of the catalogue: one counts as found when any of its programs is."""
    for line in LINES:
        for raising, least in ((True, 0.9), (False, 0.8)):
            entries: dict[str, bool] = {}
            for m in MISTAKES:
                if m.is_one[line] and bool(m.ends[line]) == raising:
                    entries[m.code] = entries.get(m.code, False) or bool(m.found[line])
            lost = [code for code, found in entries.items() if not found]
            assert len(lost) <= len(entries) * (1 - least), lost


def held(held_in: str, call: str) -> str:
    return (
        f"{HEAD}from collections import namedtuple\nPair = namedtuple('Pair', 'a b')\n\n\n"
        f"class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n        {held_in}\n\n"
        f"    def call(self, x):\n        {call}\n\n\nnet = Net()\nnet(np.zeros((2, 5)))\n"
    )


QUIET = [
    held("self.a = [layers.Dense(5), layers.Dense(5)]", "return self.a[1](self.a[0](x))"),
    held("self.a = {'b': layers.Dense(5), 'c': layers.Dense(5)}", "return self.a['c'](self.a['b'](x))"),
    held("self.a = (layers.Dense(5), layers.Dense(5))", "return self.a[1](self.a[0](x))"),
    held("self.a = [[layers.Dense(5)], [layers.Dense(5)]]", "return self.a[1][0](self.a[0][0](x))"),
    held("self.a = Pair(layers.Dense(5), layers.Dense(5))", "return self.a.b(self.a.a(x))"),
    held("self.a = layers.Conv1D(3, 2, padding='Same')", "return self.a(x[:, :, None])"),
    held("self.a = layers.Dropout(0.5)", "return self.a(x)"),
    held("self.a = layers.Dense(5)", "return self.a(x)").replace(
        "        super().__init__()\n", "        self.size = 5\n        super().__init__()\n"
    ),
    held("self.a = layers.Dense(5)\n        self.b = layers.Dense(5)", "return getattr(self, 'a')(x)"),
    held("self.a = layers.Dense(5)\n        self.m = Far()", "return self.a(x)").replace(
        "class Net",
        "class Far(keras.metrics.Metric):\n    def __init__(self):\n        super().__init__()\n"
        "        self.encoder = keras.Sequential([keras.Input((5,)), layers.Dense(3)])\n\n\nclass Net",
    ),
    HEAD + "weights = [np.zeros(3)] * 3\nweights[0] = np.ones(3)\nsizes = []\nsizes.append(3)\n",
    HEAD + "m = keras.Sequential([keras.Input((5,)), layers.Dense(1)])\nm.compile('sgd', 'mse')\n"
    "m.fit(np.zeros((8, 5)), np.zeros((8,)), verbose=0)\n",
    HEAD + "m = keras.Sequential([keras.Input((5,)), layers.Dense(3, activation='softmax')])\n"
    "m.compile('sgd', 'sparse_categorical_crossentropy')\n"
    "m.fit(np.zeros((8, 5)), np.zeros((8, 1)), verbose=0)\n",
]  # fmt: skip


@pytest.mark.parametrize("text", QUIET)
def test_what_works_is_left_alone(replayed: Replayed, text: str) -> None:
    assert found_in(text, replayed, 3) == []


def test_quiet_programs_run(raised_by: RaisedBy) -> None:
    assert raised_by(RUN_ALL.format(programs=[(f"program {i}", t, "") for i, t in enumerate(QUIET)])) == ""


def test_no_finding_in_code_that_does_not_run(replayed: Replayed) -> None:
    text = (
        f"{HEAD}m = keras.Sequential([keras.Input((5,)), layers.Dense(3)])\n"
        "if False:\n    m.fit(np.zeros((8, 5)), np.zeros((8, 3)))\n    m.layers.pop()\n    m.save('model')\n"
        "try:\n    m.save('model')\nexcept ValueError:\n    pass\n"
    )
    assert found_in(text, replayed, 3) == []


def test_each_rule_has_a_fix_or_says_why_not() -> None:
    assert [rule.code for rule in RULES if bool(rule.fix) == bool(rule.no_fix)] == []


def test_readme_lists_all_rules() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    for rule in RULES:
        kerases = " and ".join(
            {2: "tf-keras 2", 3: "Keras 3"}[n] for n in sorted(rule.keras_lines, reverse=True)
        )
        fixed = "yes" if rule.fix else f"no: {rule.no_fix}"
        assert f"| {rule.code} | `{rule.slug}` | {rule.severity.value} | {kerases} | {fixed} |\n" in readme
