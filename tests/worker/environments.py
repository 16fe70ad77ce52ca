"""The Kerases that replay and reality are compared on.

Two live in the Python of every other test: Keras 3 and tf-keras 2 on TensorFlow. The others have virtual
environments of their own, made by `make environments`, in the folder that `KERAS_LSP_TEST_VENVS` names (the
repository unless it is set); without them their tests are skipped.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_lsp.worker.report import ReplayReport
    from tests.warm import WarmKeras
    from tests.worker.driver import Worker

REPOSITORY = Path(__file__).parents[2]
TRUTH = Path(__file__).with_name("truth.py")
# Real JAX compiles each operation anew in each process, seconds for a model: keep what is compiled, and
# compile it quickly, as it runs once.
COMPILED = {
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}


@dataclass(frozen=True)
class Environment:
    name: str
    venv: str = ""  # folder; "": the Python of every other test
    backend: str = "tensorflow"
    legacy: bool = False

    def python(self, usual: list[str]) -> list[str] | None:
        """Its command; None where it is not installed."""
        if not self.venv:
            return usual
        folder = Path(os.environ.get("KERAS_LSP_TEST_VENVS", REPOSITORY))
        python = folder / self.venv / "bin" / "python"
        return [str(python)] if python.exists() else None


MAIN_ENVIRONMENTS = (Environment("keras-3"), Environment("tf-keras-2", legacy=True))
ENVIRONMENTS = (
    *MAIN_ENVIRONMENTS,
    Environment("keras-3.6", venv=".venv-keras-3.6"),
    Environment("jax", venv=".venv-jax", backend="jax"),
    Environment("torch", venv=".venv-torch", backend="torch"),
)
KERAS_HUB = Environment("keras-hub", venv=".venv-keras-hub")


@dataclass
class Bench:
    """An environment with its warm worker, and a way to run programs in it for real."""

    environment: Environment
    worker: Worker
    keras: WarmKeras
    _truth: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)

    def spelled(self, program: str) -> str:
        """A program as one writes it for this environment's Keras."""
        if not self.environment.legacy:
            return program
        program = re.sub(r"^import keras$", "import tf_keras as keras", program, flags=re.MULTILINE)
        return re.sub(r"^from keras\b", "from tf_keras", program, flags=re.MULTILINE)

    def replay(self, program: str) -> ReplayReport:
        """The report of a spelled program, however slow the machine is just now."""
        return self.worker.replay(program, statement_seconds=120.0, wall_seconds=240.0)

    def truth(self, programs: dict[str, str]) -> dict[str, Any]:
        """What each program makes when it is run for real, as truth.py tells it; one run for all."""
        key = tuple(programs)
        if key not in self._truth:
            self._truth[key] = self._run({title: self.spelled(text) for title, text in programs.items()})
        return self._truth[key]

    def ask(self, expression: str) -> Any:
        """The value of a Python expression over this environment's `keras`, as JSON."""
        name = "tf_keras" if self.environment.legacy else "keras"
        program = f"import json, {name} as keras\nprint(json.dumps({expression}))"
        lines = self.keras.output("-c", program).splitlines()
        return json.loads(lines[-1])

    def _run(self, programs: dict[str, str]) -> dict[str, Any]:
        results: dict[str, Any] = json.loads(self.keras.output(str(TRUTH), given=json.dumps(programs)))
        return results
