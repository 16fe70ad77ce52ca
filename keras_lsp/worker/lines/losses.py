"""`layer.losses` of Keras 3 as a run on data gives it: a replay runs on symbols, in a stateless scope.

There Keras keeps no losses, and asks the scope, which has none, for values of weights to regularize
(keras/src/layers/layer.py: `add_loss`, `_get_own_losses`, `_get_regularization_losses`).
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from typing import TYPE_CHECKING, Any, Iterator, List, NamedTuple

if TYPE_CHECKING:
    from ..report import TensorSpec
    from .keras3 import Keras3


NEEDED = ("add_loss", "_get_own_losses", "_clear_losses", "_get_regularization_losses", "symbolic_call")


class _Added(NamedTuple):
    layer: Any
    spec: TensorSpec


class Losses:
    """What layers added in calls on data since the last one, and what their weights' regularizers give."""

    def __init__(self, line: Keras3) -> None:
        self.line = line
        self._added: List[_Added] = []
        self._kept = False  # whether a call on data is running

    def install(self) -> None:
        layer_class = self.line.layer_class
        if all(hasattr(layer_class, name) for name in NEEDED):
            self._keep_what_is_added(layer_class)
            self._regularize_without_values(layer_class)

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """In here a call runs that would be on data: what it adds stays."""
        before, self._kept = self._kept, True
        try:
            yield
        finally:
            self._kept = before

    @property
    def active(self) -> bool:
        return self._kept

    def mark(self) -> int:
        return len(self._added)

    def undo(self, mark: int) -> None:
        """What was added since `mark` was by a try that failed and is made once more."""
        del self._added[mark:]

    def _keep_what_is_added(self, layer_class: Any) -> None:
        tree = importlib.import_module("keras.src.tree")
        add_loss, symbolic_call = layer_class.add_loss, layer_class.symbolic_call
        own, clear = layer_class._get_own_losses, layer_class._clear_losses

        @functools.wraps(add_loss)  # what Keras offers is read from these classes, too
        def adding(layer: Any, loss: Any) -> None:
            specs = [self.line.tensor(value) for value in tree.flatten(loss)]
            known = [_Added(layer, spec) for spec in specs if spec is not None]
            if self._kept and len(known) == len(specs):
                self._added += known
            else:
                add_loss(layer, loss)

        def owned(layer: Any) -> Any:
            found = [self.line.concrete(added.spec) for added in self._added if added.layer is layer]
            return found or own(layer)

        def clearing(layer: Any) -> None:
            if self._added:
                self._added[:] = [added for added in self._added if added.layer is not layer]
            clear(layer)

        @functools.wraps(symbolic_call)
        def calling(layer: Any, *args: Any, **kwargs: Any) -> Any:
            outputs = symbolic_call(layer, *args, **kwargs)
            if self._kept and layer.activity_regularizer is not None:
                for output in tree.flatten(outputs):
                    if self.line.is_symbolic(output):
                        adding(layer, self._given(layer.activity_regularizer, output))
            return outputs

        layer_class.add_loss, layer_class._get_own_losses = adding, owned
        layer_class._clear_losses, layer_class.symbolic_call = clearing, calling

    def _regularize_without_values(self, layer_class: Any) -> None:
        original = layer_class._get_regularization_losses
        in_symbolic_scope = importlib.import_module(
            "keras.src.backend.common.symbolic_scope"
        ).in_symbolic_scope
        scope_of = importlib.import_module("keras.src.backend.common.stateless_scope").get_stateless_scope

        def regularized(layer: Any) -> Any:
            scope = scope_of()
            weights = [weight for weight in layer.trainable_weights if weight.regularizer is not None]
            if in_symbolic_scope() or all(scope.get_current_value(weight) is not None for weight in weights):
                return original(layer)
            symbol = self.line.keras.KerasTensor
            given = [self._given(w.regularizer, symbol(w.shape, dtype=w.dtype)) for w in weights]
            specs = [self.line.tensor(value) for value in given]
            return [self.line.concrete(spec) for spec in specs if spec is not None]

        layer_class._get_regularization_losses = regularized

    def _given(self, regularizer: Any, symbol: Any) -> Any:
        """What a regularizer gives on a symbol; traced where it needs a tensor of the backend."""
        try:
            given = regularizer(symbol)
        except Exception:  # noqa: BLE001 - a user's own function may use the backend's operations
            given = None
        if self.line.is_symbolic(given):
            return given
        return importlib.import_module("keras.src.backend").compute_output_spec(regularizer, symbol)
