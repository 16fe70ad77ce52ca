"""Layer objects to reports, when the replay is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from ..lines.arguments import argument_text, named_arguments
from ..lines.symbolic import KerasLine, is_library, structure_text
from ..report import CallReport, LayerReport, ReplayEvent, WeightReport
from ..unknown.hole import ANSWERS, Hole
from .built import built_by, built_how
from .cost import Costs
from .graph import Graphs
from .memory import item_bytes, parameter_count
from .paths import Members, paths
from .tracking import Tracking

if TYPE_CHECKING:
    from .observe import Registry, Seen
    from .places import Classes, SourceMap

MAX_ASKED = 8  # of what a layer asked for; readers are told of three


class Describer:
    def __init__(
        self, line: KerasLine, source: SourceMap, registry: Registry, events: List[ReplayEvent]
    ) -> None:
        self.line = line
        self.source = source
        self.registry = registry
        self.events = events
        self.classes: Optional[Classes] = None  # of a text that parses
        self._private_names = line.private_names()
        self._weights: Dict[int, WeightReport] = {}  # by id of the variable
        self._counts: Dict[int, int] = {}  # its parameters
        self._events_of: Dict[int, List[ReplayEvent]] = {}  # by number of the layer
        self._owners: Dict[int, int] = {}  # id of the variable -> number of the layer

    def reports(self) -> Tuple[LayerReport, ...]:
        for event in self.events:
            self._events_of.setdefault(event.layer, []).append(event)
        for seen in self.registry.seen:
            for variable in self._own(seen.layer):
                self._owners.setdefault(id(variable), seen.number)
        self._tracking = Tracking(self.line, self.registry, self._private_names)
        self._costs = Costs(self.line, self.registry)
        self._graphs = Graphs(self.line, self.registry)
        members = [
            Members(
                seen.number, self._kind(seen.layer), self._layers(seen.layer), dict(self._attributes(seen))
            )
            for seen in self.registry.seen
        ]
        self._reached = paths(members)
        return tuple(self._report(seen, own) for seen, own in zip(list(self.registry.seen), members))

    def _report(self, seen: Seen, members: Members) -> LayerReport:
        layer = seen.layer
        cls = type(layer)
        is_user_class = not is_library(cls)
        events = self._events_of.get(seen.number, [])
        variables = self.line.weights(layer)
        weights = tuple(map(self._weight, variables))
        total = sum(map(self._count, variables))
        trainable = sum(map(self._count, self.line.trainable_weights(layer)))
        how, where = built_by(seen, events)
        inputs, outputs = self._ends(layer, "inputs"), self._ends(layer, "outputs")
        return LayerReport(
            id=seen.number,
            class_name=cls.__name__,
            qualified_name=f"{cls.__module__}.{cls.__qualname__}",
            name=str(getattr(layer, "name", "")),
            kind=members.kind,
            is_user_class=is_user_class,
            created=seen.created,
            config={
                name: text
                for name, value in named_arguments(cls, *seen.given).items()
                if not self._is_tensor(value) and (text := argument_text(value)) is not None
            },
            built=seen.built_at_end,
            weights=weights,
            own_weights=len(self._own(layer)),
            inputs=tuple(seen.inputs) or inputs,
            outputs=tuple(seen.outputs) or outputs,
            layers=members.layers,
            attributes=members.attributes,
            trainable_parameters=trainable,
            non_trainable_parameters=total - trainable,
            bytes=sum(
                self._count(variable) * item_bytes(weight.dtype)
                for variable, weight in zip(variables, weights)
            ),
            calls=seen.calls,
            projected=len(weights) > seen.weights_at_end,
            projected_from=seen.projected_from,
            guessed=seen.guessed,
            guess=seen.guess,
            built_how=built_how(seen, events, self.source),
            occurrence=seen.occurrence,
            flows=tuple(
                CallReport(inputs, outputs, flow.count, tuple(flow.spans))
                for (inputs, outputs), flow in seen.flows.items()
            ),
            built_by=how,
            built_at=where,
            paths=tuple(self._reached.get(seen.number, ())),
            untracked=tuple(self._tracking.untracked.get(seen.number, ())),
            leftover_in=tuple(self._tracking.leftover.get(seen.number, ())),
            cost=self._costs.of(seen),
            graph=self._graphs.of(seen),
            called_on_unknown=seen.called_on_unknown,
            asked=_asked(seen),
            defined=self.classes.defined(cls) if is_user_class and self.classes is not None else None,
            drawn=(*inputs, *outputs) if inputs and outputs and seen.calls else (),
        )

    def _is_tensor(self, value: Any) -> bool:
        """Tensors are told as inputs and outputs, not as configuration."""
        while isinstance(value, (list, tuple)) and value:
            value = value[0]
        if type(value) is Hole:
            return False
        # Asking Keras takes long, and most arguments are numbers and strings.
        return hasattr(value, "shape") and self.line.tensor(value) is not None

    def _weight(self, variable: Any) -> WeightReport:
        """A variable is listed by its layer and by all that hold that layer: it is described once."""
        found = self._weights.get(id(variable))
        if found is None:
            found = self.line.weight(variable)
            self._weights[id(variable)] = found = _owned(found, self._owners.get(id(variable)))
            self._counts[id(variable)] = parameter_count(found)
        return found

    def _count(self, variable: Any) -> int:
        if id(variable) not in self._counts:
            self._weight(variable)
        return self._counts[id(variable)]

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
        if not self.line.is_model(layer) and not is_library(type(layer)):
            return ()
        try:
            members = list(layer.layers)
        except Exception:  # noqa: BLE001 - a user class may override `layers`, most of Keras's have none
            return ()
        numbers = (self.registry.number(member) for member in members)
        return tuple(number for number in numbers if number is not None)

    def _attributes(self, seen: Seen) -> Iterator[Tuple[str, int]]:
        """Paths that hold layers; of Keras's own classes the public ones, as `forward_layer`."""
        layer = seen.layer
        kind, is_user_class = self._kind(layer), not is_library(type(layer))
        if not is_user_class and (kind != "layer" or not getattr(layer, "_layers", True)):
            return
        # Functional models keep their graph in private attributes.
        public_only = kind == "functional" or not is_user_class
        for name, value in list(vars(layer).items()):
            if name not in self._private_names and not (public_only and name.startswith("_")):
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


def _owned(weight: WeightReport, owner: Optional[int]) -> WeightReport:
    """`dataclasses.replace` takes three times as long, and models have many weights."""
    return WeightReport(
        weight.path, weight.name, weight.shape, weight.dtype, weight.trainable, weight.initializer, owner
    )


def _asked(seen: Seen) -> Tuple[int, ...]:
    places = {text: place for place, text in enumerate(ANSWERS.unknowns)}
    asked = dict.fromkeys(text for each in seen.asked for text in each)
    return tuple(places[text] for text in asked if text in places)[:MAX_ASKED]
