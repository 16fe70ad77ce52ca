from __future__ import annotations

import pytest

from keras_lsp.lsp.options import settings_from, trust_from
from keras_lsp.session.settings import RuleSettings, Settings

BASE = Settings(interpreter=("python3",), idle_seconds=0.5)


def test_every_setting_can_be_set() -> None:
    settings, problems = settings_from(
        {
            "interpreter": "/usr/bin/my python",
            "interpreters": {"file:///a": ["conda", "run", "python"], "file:///b": "python"},
            "interpretersFollow": True,
            "hints": False,
            "idleSeconds": 1,
            "replaySeconds": 2.5,
            "memoryBytes": 1e9,
            "inputShapes": {"Net": "(None, 32)"},
            "select": ["KL1"],
            "ignore": ["layer-index"],
            "severity": {"KL102": "off"},
            "perFileIgnores": {"tests/*": ["ALL"]},
        },
        Settings(),
    )
    assert problems == ()
    assert settings == Settings(
        interpreter=("/usr/bin/my python",),
        interpreters={"file:///a": ("conda", "run", "python"), "file:///b": ("python",)},
        interpreters_follow=True,
        hints=False,
        idle_seconds=1,
        replay_seconds=2.5,
        memory_bytes=1_000_000_000,
        input_shapes={"Net": "(None, 32)"},
        rules=RuleSettings(("KL1",), ("layer-index",), {"KL102": "off"}, {"tests/*": ("ALL",)}),
    )


def test_what_is_not_set_stays() -> None:
    assert settings_from({"hints": False}, BASE)[0] == Settings(("python3",), hints=False, idle_seconds=0.5)
    assert settings_from({"interpreter": None, "trusted": True, "other": 1}, BASE) == (BASE, ())


@pytest.mark.parametrize("data", [None, [], "x", 5, {}])
def test_no_settings_at_all(data: object) -> None:
    assert settings_from(data, BASE) == (BASE, ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("interpreter", 5),
        ("select", "KL1"),
        ("ignore", [3]),
        ("severity", {"KL1": "loud"}),
        ("perFileIgnores", ["KL1"]),
        ("interpreter", ["python", 3]),
        ("interpreters", ["python"]),
        ("interpreters", {"file:///a": 3}),
        ("hints", "no"),
        ("hints", 0),
        ("idleSeconds", -1),
        ("idleSeconds", True),
        ("idleSeconds", float("nan")),
        ("replaySeconds", "10"),
        ("replaySeconds", float("inf")),
        ("memoryBytes", 0),
        ("inputShapes", {"Net": [None, 32]}),
    ],
)
def test_a_wrong_value_is_named_and_costs_only_itself(name: str, value: object) -> None:
    settings, problems = settings_from({name: value, "replaySeconds": 3} | {name: value}, BASE)
    assert len(problems) == 1
    assert name in problems[0]
    assert settings.interpreter == BASE.interpreter
    assert settings.replay_seconds == (10.0 if name == "replaySeconds" else 3)


@pytest.mark.parametrize(
    ("data", "trusted"),
    [
        ({"trusted": True}, True),
        ({"trusted": False}, False),
        ({"trusted": 1}, None),
        ({"trusted": "true"}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_only_true_and_false_speak_of_trust(data: object, trusted: bool | None) -> None:
    assert trust_from(data) is trusted
