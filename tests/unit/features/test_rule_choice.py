"""Which findings a user wants to hear of: names in settings, and comments beside the code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.actions import silencers
from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.rules import choice, rule
from keras_lsp.session.settings import RuleSettings, Settings
from keras_lsp.session.snapshot import Snapshot
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, applied, current, static, whole

if TYPE_CHECKING:
    from tests.unit.features.conftest import Replayed

MODEL = "import keras\n\nmodel = keras.Sequential([keras.layers.Dense(3)])\n"
LATE = MODEL + "model.layers[0].weights[0]{comment}\n"
FINE = MODEL + "model.build((None, 2))\nmodel.layers[0].weights[0]{comment}\n"


def said(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity.value) for finding in diagnostics(snapshot, KEY)]


def with_rules(text: str, rules: RuleSettings) -> Snapshot:
    return replace(static(text), settings=Settings(rules=rules))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (RuleSettings(), [("KL101", "error")]),
        (RuleSettings(ignore=("KL101",)), []),
        (RuleSettings(ignore=("weights-before-build",)), []),
        (RuleSettings(ignore=("KL1",)), []),
        (RuleSettings(ignore=("ALL",)), []),
        (RuleSettings(ignore=("KL3", "KL1010")), [("KL101", "error")]),
        (RuleSettings(select=("KL3",)), []),
        (RuleSettings(select=()), []),
        (RuleSettings(select=("KL1",), ignore=("KL101",)), []),
        (RuleSettings(select=("KL101",), ignore=("KL1",)), [("KL101", "error")]),
        (RuleSettings(select=("KL101",), ignore=("KL101",)), []),
        (RuleSettings(severity={"KL1": "hint"}), [("KL101", "hint")]),
        (RuleSettings(severity={"KL1": "hint", "weights-before-build": "warning"}), [("KL101", "warning")]),
        (RuleSettings(severity={"ALL": "off", "KL101": "error"}), [("KL101", "error")]),
        (RuleSettings(severity={"KL101": "off"}), []),
    ],
)
def test_the_more_exact_name_counts(rules: RuleSettings, expected: list[tuple[str, str]]) -> None:
    assert said(with_rules(LATE.format(comment=""), rules)) == expected


def test_names_that_no_rule_has_are_told_once() -> None:
    rules = RuleSettings(
        select=("KL1", "KL8"), ignore=("wieghts",), severity={"": "off"}, per_file_ignores={"a": ("KL9", "x")}
    )
    snapshot = Snapshot({}, Settings(rules=rules), {KEY: rules}, ("file: problem",))
    told = choice.problems(snapshot)
    assert told[0] == "file: problem"
    assert [text.split(";")[0] for text in told[1:]] == [
        f"there is no rule {name!r}" for name in ("KL8", "wieghts", "", "x")
    ]


def test_a_rule_by_any_spelling() -> None:
    assert choice.rule_named("kl101") is choice.rule_named("Weights-Before-Build") is rule("KL101")
    assert choice.rule_named("KL1") is None


@pytest.mark.parametrize(
    "comment",
    [
        "  # keras-lsp: ignore[weights-before-build]",
        "  # keras-lsp: ignore[KL101]",
        "  # keras-lsp:ignore[KL3, KL1]",
        "  # keras-lsp: ignore",
        "  # as in the book  # keras-lsp: ignore[KL101]",
        "  # keras-lsp: ignore[KL101]  # as in the book",
    ],
)
def test_a_comment_silences_its_line(comment: str) -> None:
    assert "KL101" not in dict(said(static(LATE.format(comment=comment))))


@pytest.mark.parametrize(
    "comment",
    [
        "  # keras-lsp: ignore[empty-weights]",
        "  # keras-lsp: ignore[",
        "  # keras-lsp: ignore[]",
        "  # keras-lsp: ignored",
        "; '# keras-lsp: ignore'",
        "\n# keras-lsp: ignore",
    ],
)
def test_a_comment_silences_nothing_else(comment: str) -> None:
    assert ("KL101", "error") in said(static(LATE.format(comment=comment)))


def test_a_statement_of_several_lines_is_silenced_on_its_last() -> None:
    text = MODEL + "print(model.layers[0]\n    .weights[0]){comment}\n"
    assert said(static(text.format(comment=""))) == [("KL101", "error")]
    assert said(static(text.format(comment="  # keras-lsp: ignore[KL101]"))) == []


@pytest.mark.parametrize(
    ("comment", "place", "rest"),
    [
        ("  # keras-lsp: ignore", "# keras-lsp: ignore", ""),
        ("  # keras-lsp: ignore[KL101]", "KL101", ""),
        ("  # known  # keras-lsp: ignore[KL101]", "KL101", "  # known"),
    ],
)
def test_a_comment_in_vain_is_found_where_a_replay_knows(
    replayed: Replayed, comment: str, place: str, rest: str
) -> None:
    text = FINE.format(comment=comment)
    assert said(static(text)) == []
    (finding,) = diagnostics(current(text, replayed(text)), KEY)
    assert (finding.code, finding.span.of(text)) == ("KL902", place)
    assert applied(text, finding.fixes[0].edits) == FINE.format(comment=rest)


def test_of_several_names_the_idle_one_is_found(replayed: Replayed) -> None:
    text = LATE.format(comment="  # keras-lsp: ignore[KL101, KL102, no-such-rule]")
    told = diagnostics(static(text), KEY)
    assert [(f.code, f.span.of(text)) for f in told] == [("KL902", "no-such-rule")]
    assert "ignore[KL101, KL102]" in applied(text, told[0].fixes[0].edits)
    # The replay raised, so it cannot say what there would be without that.
    assert diagnostics(current(text, replayed(text)), KEY) == told


def test_a_comment_on_a_line_of_its_own_goes_with_the_line() -> None:
    text = "import keras\n\n# keras-lsp: ignore[nothing]\nx = 1\n"
    (finding,) = diagnostics(static(text), KEY)
    assert applied(text, finding.fixes[0].edits) == "import keras\n\nx = 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "  # keras-lsp: ignore[weights-before-build]"),
        ("  # as is", "  # as is  # keras-lsp: ignore[weights-before-build]"),
        ("  # keras-lsp: ignore[KL3]", "  # keras-lsp: ignore[KL3, weights-before-build]"),
    ],
)
def test_the_action_writes_a_comment_that_silences(before: str, after: str) -> None:
    text = LATE.format(comment=before)
    ((finding, fix),) = silencers(static(text), KEY, whole(text))
    assert finding.code == "KL101"
    fixed = applied(text, fix.edits)
    assert fixed == LATE.format(comment=after)
    assert "KL101" not in dict(said(static(fixed)))


def test_no_comment_is_written_into_a_string_or_behind_a_backslash() -> None:
    text = MODEL + "print(model.layers[0].weights[0], '''\n''')\n"
    assert said(static(text)) == [("KL101", "error")]
    assert silencers(static(text), KEY, whole(text)) == ()
    text = MODEL + "print(model.layers[0].weights[0], \\\n1)\n"
    assert said(static(text)) == [("KL101", "error")]
    assert silencers(static(text), KEY, whole(text)) == ()


def test_the_action_is_for_what_is_at_the_cursor() -> None:
    assert silencers(static(LATE.format(comment="")), KEY, Span(0, 3)) == ()
