"""Layer objects to reports, when the replay is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from .observe import named_arguments
from .report import LayerReport, ReplayEvent, WeightReport
from .symbolic import KerasLine, is_library, structure_text

if TYPE_CHECKING:
    from .observe import Registry, Seen
    from .places import SourceMap

BYTES = {"float64": 8, "int64": 8, "uint64": 8, "float16": 2, "bfloat16": 2, "int16": 2, "uint16": 2}
SINGLE_BYTE = frozenset({"int8", "uint8", "bool", "float8_e4m3fn", "float8_e5m2"})
MAX_CONFIG_TEXT = 120


class Describer:
    def __init__(
        self, line: KerasLine, source: SourceMap, registry: Registry, events: List[ReplayEvent]
    ) -> None:
        self.line = line
        self.source = source
        self.registry = registry
        self.events = events
        self._private_names = line.private_names()
        self._weights: Dict[int, WeightReport] = {}  # by id of the variable

    def reports(self) -> Tuple[LayerReport, ...]:
        return tuple(self._report(seen) for seen in list(self.registry.seen))

    def _report(self, seen: Seen) -> LayerReport:
        layer = seen.layer
        cls = type(layer)
        is_user_class = not is_library(cls)
        weights = tuple(self._weight(variable) for variable in self.line.weights(layer))
        trainable = sum(_size(weight) for weight in weights if weight.trainable)
        total = sum(_size(weight) for weight in weights)
        return LayerReport(
            id=seen.number,
            class_name=cls.__name__,
            qualified_name=f"{cls.__module__}.{cls.__qualname__}",
            name=str(getattr(layer, "name", "")),
            kind=self._kind(layer),
            is_user_class=is_user_class,
            created=seen.created,
            config={
                name: text
                for name, value in named_arguments(cls, *seen.given).items()
                if (text := _config_text(value)) is not None
            },
            built=seen.built_at_end,
            weights=weights,
            own_weights=len(self._own(layer)),
            inputs=tuple(seen.inputs) or self._ends(layer, "inputs"),
            outputs=tuple(seen.outputs) or self._ends(layer, "outputs"),
            layers=self._layers(layer),
            attributes=dict(self._attributes(layer)) if is_user_class else {},
            trainable_parameters=trainable,
            non_trainable_parameters=total - trainable,
            bytes=sum(_size(weight) * _item_bytes(weight.dtype) for weight in weights),
            calls=seen.calls,
            projected=len(weights) > seen.weights_at_end,
            projected_from=seen.projected_from,
            guessed=seen.guessed,
            built_how=self._built_how(seen),
        )

    def _weight(self, variable: Any) -> WeightReport:
        """A variable is listed by its layer and by all that hold that layer: it is described once."""
        found = self._weights.get(id(variable))
        if found is None:
            found = self._weights[id(variable)] = self.line.weight(variable)
        return found

    def _ends(self, layer: Any, which: str) -> Tuple[str, ...]:
        """Inputs or outputs of a functional or built Sequential model that nobody has called."""
        if not self.line.is_model(layer) and type(layer).__name__ != "InputLayer":
            return ()
        try:
            tensors = getattr(layer, which) if self.line.is_model(layer) else layer.output
        except Exception:  # noqa: BLE001 - unbuilt models raise, each kind in its own way
            return ()
        if isinstance(tensors, (list, tuple)) and len(tensors) == 1:
            tensors = tensors[0]
        return (structure_text(self.line, tensors),) if tensors is not None else ()

    def _kind(self, layer: Any) -> str:
        keras = self.line.keras
        if isinstance(layer, keras.Sequential):
            return "sequential"
        if any(base.__name__ == "Functional" for base in type(layer).__mro__):
            return "functional"
        return "subclass" if self.line.is_model(layer) else "layer"

    def _own(self, layer: Any) -> List[Any]:
        own = list(
            getattr(layer, "_trainable_variables", None) or getattr(layer, "_trainable_weights", None) or []
        )
        other = getattr(layer, "_non_trainable_variables", None)
        return own + list(other or getattr(layer, "_non_trainable_weights", None) or [])

    def _layers(self, layer: Any) -> Tuple[int, ...]:
        if not self.line.is_model(layer):
            return ()
        try:
            members = list(layer.layers)
        except Exception:  # noqa: BLE001 - a user class may override `layers`
            return ()
        numbers = (self.registry.number(member) for member in members)
        return tuple(number for number in numbers if number is not None)

    def _attributes(self, layer: Any) -> Iterator[Tuple[str, int]]:
        own_names_only = self._kind(layer) == "functional"  # these keep their graph in private attributes
        for name, value in list(vars(layer).items()):
            if name not in self._private_names and not (own_names_only and name.startswith("_")):
                yield from self._paths(name, value, 0)

    def _paths(self, path: str, value: Any, depth: int) -> Iterator[Tuple[str, int]]:
        if self.line.is_layer(value):
            number = self.registry.number(value)
            if number is not None:
                yield path, number
        elif depth < 3 and isinstance(value, dict):
            for key, item in list(value.items())[:1000]:
                yield from self._paths(f"{path}[{key!r}]", item, depth + 1)
        elif depth < 3 and isinstance(value, (list, tuple)):
            for index, item in enumerate(list(value)[:1000]):
                yield from self._paths(f"{path}[{index}]", item, depth + 1)

    def _built_how(self, seen: Seen) -> str:
        if seen.first_call is not None and seen.first_call_input:
            return f"called on {seen.first_call_input} on line {self.source.line(seen.first_call)}"
        for event in self.events:
            if (
                event.layer == seen.number
                and event.kind == "build"
                and event.weights_after > event.weights_before
            ):
                return f"built for {event.input} on line {self.source.line(event.span)}"
        return seen.unknown_call


def _size(weight: WeightReport) -> int:
    size = 1
    for dimension in weight.shape:
        size *= dimension or 0
    return size


def _item_bytes(dtype: str) -> int:
    return 1 if dtype in SINGLE_BYTE else BYTES.get(dtype, 4)


def _config_text(value: Any) -> Optional[str]:
    """An argument as a reader would write it; None for what has no short spelling."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)[:MAX_CONFIG_TEXT]
    if isinstance(value, (list, tuple)) and len(value) <= 8:
        items = [_config_text(item) for item in value]
        if all(item is not None for item in items):
            inner = ", ".join(str(item) for item in items)
            if isinstance(value, list):
                return f"[{inner}]"
            return f"({inner},)" if len(items) == 1 else f"({inner})"
        return None
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else type(value).__name__
