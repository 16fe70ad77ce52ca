"""Nested tensors as nested specs, and how those are spelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

from ..lines.symbolic import shape_text, spec_of
from ..report import TensorSpec

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

# A TensorSpec, a list, tuple or dict of Specs, or the class name of anything else.
Specs = Any
USUAL_DTYPE = "float32"
NEVER_TENSORS = frozenset({type(None), bool, int, float, str, bytes})  # asking Keras would take long


def specs_of(line: KerasLine, value: Any) -> Specs:
    """The structure of `value` with a spec for each tensor, array or variable in it."""
    kind = type(value)
    if kind in NEVER_TENSORS:
        return kind.__name__
    if isinstance(value, dict):
        return {key: specs_of(line, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [specs_of(line, item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    spec = line.tensor(value)
    if spec is None and line.is_variable(value):
        spec = spec_of(value)
    return kind.__name__ if spec is None else spec


def specs_text(specs: Specs, dtypes: bool) -> str:
    """As Python would print it: `{'a': (None, 3)}`; with `dtypes` also those that are not float32."""
    if isinstance(specs, TensorSpec):
        shape = shape_text(specs.shape)
        return f"{shape} {specs.dtype}" if dtypes and specs.dtype != USUAL_DTYPE else shape
    if isinstance(specs, dict):
        inner = ", ".join(f"{key!r}: {specs_text(item, dtypes)}" for key, item in specs.items())
        return f"{{{inner}}}"
    if isinstance(specs, (list, tuple)):
        inner = ", ".join(specs_text(item, dtypes) for item in specs)
        return f"[{inner}]" if isinstance(specs, list) else f"({inner})"
    return str(specs)


def leaves(specs: Specs) -> List[TensorSpec]:
    """The tensors of a structure, in order."""
    if isinstance(specs, TensorSpec):
        return [specs]
    items = specs.values() if isinstance(specs, dict) else specs if isinstance(specs, (list, tuple)) else ()
    return [leaf for item in items for leaf in leaves(item)]
