"""Whether data goes with a model in training: asked of Keras itself, by its losses and metrics, on shapes.

What Keras raises then is the program's own, and known to be about the data, not about a layer.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Tuple

from ..lines.symbolic import is_keras_alone, is_library
from ..record.failures import ABOUT
from ..record.observe import below
from ..unknown.hole import hole_in

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from ..report import TensorSpec

BATCH = 32  # Keras's own default
SAMPLES = "samples"
TARGET = "target"


def check_samples(line: KerasLine, arrays: Tuple[Any, ...]) -> None:
    """Raises what Keras raises of arrays with unlike numbers of samples."""
    leaves: List[Any] = []
    line.map_structure(leaves.append, arrays)
    specs = [line.tensor(leaf) for leaf in leaves if leaf is not None]
    if hole_in(arrays) is None and all(spec is not None and spec.shape and spec.shape[0] for spec in specs):
        with _about(SAMPLES):
            # Older releases of Keras 3 ask a target that is None for its shape; they never get one.
            line.check_samples(tuple(part for part in arrays if part is not None))


def check_target(line: KerasLine, model: Any, targets: Any, outputs: Any, batch: Optional[int]) -> None:
    """Raises what the model's losses and metrics raise of a target; `outputs` are symbols.

    `batch` is the number of samples at a time, None where it is not known.
    """
    if not line.is_compiled(model) or _computes_loss_itself(model) or line.runs_eagerly(model):
        return
    # Code of the user's own may give another number of samples than it gets.
    sizes = batch if all(map(is_keras_alone, (model, *below(model)))) else None
    given = [line.map_structure(lambda spec: _sized(spec, sizes), targets)]
    predicted: List[Optional[TensorSpec]] = []

    def told(value: Any) -> Any:
        spec = line.tensor(value)
        predicted.append(spec)
        return spec if spec is None or spec.shape[0] is not None else _sized(spec, sizes)

    made = line.map_structure(told, outputs)
    if predicted and all(spec is not None and spec.shape for spec in predicted):
        with _about(TARGET):
            line.compare(model, given[0], made)


def _sized(spec: TensorSpec, batch: Optional[int]) -> TensorSpec:
    return replace(spec, shape=(batch, *spec.shape[1:]))


def _computes_loss_itself(model: Any) -> bool:
    names = ("compute_loss", "_compute_loss", "compute_metrics", "train_step", "test_step")
    return any(name in vars(base) for base in type(model).__mro__ if not is_library(base) for name in names)


@contextlib.contextmanager
def _about(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        setattr(error, ABOUT, what)
        raise
