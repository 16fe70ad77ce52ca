"""Replay and reality agree on every class of `keras.layers`: bare, called on data, and in other layers.

On every class under the two Kerases of every other test. In the other environments a run of the tests looks
at a third of each sort, at all with `KERAS_LSP_ALL_PROGRAMS`: those differ in how a layer is asked.
"""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from tests.worker.agreement import differences
from tests.worker.environments import MAIN_ENVIRONMENTS
from tests.worker.layer_recipes import RECIPES, Inputs, by_class, program

if TYPE_CHECKING:
    from tests.worker.environments import Bench

LAYERS = (
    "sorted(name for name, cls in vars(keras.layers).items()"
    " if isinstance(cls, type) and issubclass(cls, keras.layers.Layer))"
)


@pytest.fixture(scope="session")
def classes(bench: Bench) -> list[str]:
    """Names of this environment's layer classes."""
    names: list[str] = bench.ask(LAYERS)
    return names


@pytest.fixture(scope="session")
def programs(bench: Bench, classes: list[str]) -> dict[str, str]:
    """By class. Real JAX compiles each operation, which takes minutes for all classes on data."""
    on_data = bench.environment.backend != "jax"
    recipes = {name: recipe for name, recipe in by_class().items() if name in classes}
    if bench.environment not in MAIN_ENVIRONMENTS and not os.environ.get("KERAS_LSP_ALL_PROGRAMS"):
        sorts = groupby(recipes.items(), key=lambda named: named[1][1])
        recipes = dict(one for _, same in sorts for one in list(same)[::3])
    return {name: program(name, *recipe, on_data=on_data) for name, recipe in recipes.items()}


def test_every_class_has_a_recipe(classes: list[str]) -> None:
    missing = set(classes) - set(by_class())
    assert not missing, f"add to layer_recipes.py: {', '.join(sorted(missing))}"


@pytest.mark.parametrize("inputs", RECIPES, ids=lambda inputs: f"{inputs.dtype}{inputs.shapes}")
def test_report_and_reality_agree(inputs: Inputs, bench: Bench, programs: dict[str, str]) -> None:
    truth = bench.truth(programs)
    wrong = []
    for name, text in programs.items():
        if by_class()[name][1] == inputs:
            spelled = bench.spelled(text)
            found = differences(spelled, bench.replay(spelled), truth[name])
            wrong += [f"{name}: {difference}" for difference in found]
    assert not wrong, "\n".join(wrong)
