"""Replay and reality agree: cases/agreement.md, run for real and replayed, on both Keras lines."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from keras_lsp.worker.report import LayerReport, ReplayReport, Value
    from tests.worker.driver import Worker

CASES = Path(__file__).parents[1] / "cases" / "agreement.md"
TRUTH = Path(__file__).with_name("truth.py")
PROGRAMS = dict(re.findall(r"^### (.+?)\n```python\n(.*?)^```", CASES.read_text(), re.MULTILINE | re.DOTALL))


def as_tf_keras(program: str) -> str:
    return program.replace("import keras\n", "import tf_keras as keras\n").replace(
        "from keras ", "from tf_keras "
    )


def run_for_real(python: list[str], programs: dict[str, str], legacy: bool) -> dict[str, Any]:
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    environment["TF_USE_LEGACY_KERAS"] = "1" if legacy else "0"
    done = subprocess.run(
        [*python, str(TRUTH)],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=True,
    )
    results: dict[str, Any] = json.loads(done.stdout)
    return results


@pytest.fixture(scope="session")
def keras3_truth(keras_python: list[str]) -> dict[str, Any]:
    return run_for_real(keras_python, PROGRAMS, legacy=False)


@pytest.fixture(scope="session")
def tf_keras_truth(keras_python: list[str]) -> dict[str, Any]:
    programs = {title: as_tf_keras(program) for title, program in PROGRAMS.items()}
    return run_for_real(keras_python, programs, legacy=True)


def last_value(program: str, report: ReplayReport, name: str) -> Value | None:
    nodes = [n for n in report.nodes if program[slice(*n.span)] == name and not n.projected]
    module_level = [n for n in nodes if program[program.rfind("\n", 0, n.span[0]) + 1] not in " \t"]
    return module_level[-1].values[-1] if module_level else None


def layer_facts(report: ReplayReport, layer: LayerReport) -> dict[str, Any]:
    by_id = {other.id: other for other in report.layers}
    weights = [[w.path, list(w.shape), w.dtype, w.trainable] for w in layer.weights]
    return {
        "class": layer.class_name,
        "name": layer.name,
        "built": layer.built,
        "weights": [] if layer.projected else weights,
        "layers": [[by_id[i].class_name, by_id[i].name] for i in layer.layers],
    }


def check(program: str, report: ReplayReport, truth: dict[str, Any], lines: bool = True) -> None:
    raised = [
        [f.type, program.count("\n", 0, f.span[0]) + 1] for f in report.failures if f.certain and f.span
    ]
    expected = truth["raised"]
    assert (raised if lines else [kind for kind, _ in raised]) == (
        expected if lines else [kind for kind, _ in expected]
    )
    by_id = {layer.id: layer for layer in report.layers}
    for name, expected in truth["variables"].items():
        if "broken" in expected:
            continue
        value = last_value(program, report, name)
        assert value is not None, f"nothing recorded for {name}"
        if "tensor" in expected:
            assert value.tensor is not None
            assert [list(value.tensor.shape), value.tensor.dtype] == expected["tensor"], name
        elif "weight" in expected:
            assert value.weight is not None
            weight = value.weight
            assert [weight.path, list(weight.shape), weight.dtype, weight.trainable] == expected["weight"], (
                name
            )
        else:
            assert value.layer is not None
            found = layer_facts(report, by_id[value.layer])
            wanted = {"layers": [], **expected["layer"]}
            assert found == wanted, name


@pytest.mark.parametrize("title", PROGRAMS)
def test_keras3(title: str, keras3_worker: Worker, keras3_truth: dict[str, Any]) -> None:
    program = PROGRAMS[title]
    check(program, keras3_worker.replay(program), keras3_truth[title])


@pytest.mark.parametrize("title", PROGRAMS)
def test_tf_keras2(title: str, tf_keras_worker: Worker, tf_keras_truth: dict[str, Any]) -> None:
    program = as_tf_keras(PROGRAMS[title])
    # The real traceback ends where AutoGraph's rewritten copy of `call` begins: lines inside it are lost.
    check(program, tf_keras_worker.replay(program), tf_keras_truth[title], lines=False)
