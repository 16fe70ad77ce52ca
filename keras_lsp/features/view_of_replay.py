"""The model view of a replay: what Keras made, what called what, and where the text says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import layer_card, locate, wording
from keras_lsp.features.layer_family import family
from keras_lsp.features.view_data import (
    ModelView,
    ViewEdge,
    ViewFailure,
    ViewHole,
    ViewLayer,
    ViewModel,
    ViewStep,
    ViewWeight,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import GraphReport, LayerReport, StepReport, TensorSpec

_USUAL_DTYPE = "float32"
_MAX_HOLES = 20
_MAX_LONE_LAYERS = 50


def view_of_replay(view: DocumentView, replay: ReplayView) -> ModelView:
    report = replay.report
    reader = _Reader(view, replay)
    return ModelView(
        "replay",
        reader.models(),
        tuple(reader.layer(layer) for layer in report.layers),
        tuple(
            ViewFailure(f"{failure.type}: {failure.message}".rstrip(": "), replay.span(failure.span))
            for failure in report.failures
            if failure.certain
        ),
        tuple(ViewHole(hole.reason, replay.span(hole.span)) for hole in report.holes[:_MAX_HOLES]),
    )


class _Reader:
    def __init__(self, view: DocumentView, replay: ReplayView) -> None:
        self.view = view
        self.replay = replay
        self.known = {layer.id: layer for layer in replay.report.layers}
        self.names = _variables(view, replay)

    # -- what can be shown on its own

    def models(self) -> tuple[ViewModel, ...]:
        layers = self.replay.report.layers
        inside = {i for layer in layers for i in _inside(layer)} | self._graphs_of_sequentials()
        outer = [layer for layer in layers if layer.id not in inside and _is_model(layer)]
        outer.sort(key=self._place)
        inner: dict[str, LayerReport] = {}
        for layer in layers:
            if layer.id in inside and layer.is_user_class and _has_parts(layer):
                inner.setdefault(layer.qualified_name, layer)
        shown = {layer.qualified_name for layer in outer}
        below = [layer for name, layer in inner.items() if name not in shown]
        if not outer and not below:
            outer = [layer for layer in layers if layer.id not in inside][:_MAX_LONE_LAYERS]
        keys: dict[str, int] = {}
        return tuple(
            ViewModel(layer.id, _numbered(keys, title), title, is_inner)
            for is_inner, group in ((False, outer), (True, below))
            for layer in group
            for title in (layer.class_name if is_inner else self.names.get(layer.id, layer.class_name),)
        )

    def _place(self, layer: LayerReport) -> tuple[int, int]:
        """In the order of the text; what has no place in it is the last."""
        span = self.replay.span(layer.created)
        return (span.start if span else len(self.view.document.text), layer.id)

    def _graphs_of_sequentials(self) -> set[int]:
        """Keras 3 keeps the graph of a Sequential in a functional model that nobody sees."""
        chains = {_run_by(layer) for layer in self.known.values() if layer.kind == "sequential"}
        return {
            layer.id
            for layer in self.known.values()
            if layer.kind == "functional" and layer.created is None and _run_by(layer) in chains
        } - set(self.names)

    # -- layers

    def layer(self, layer: LayerReport) -> ViewLayer:
        graph = layer.graph
        steps, edges = self._graph(layer, graph) if graph else (self._held(layer), ())
        cost = layer.cost
        return ViewLayer(
            id=layer.id,
            class_name=layer.class_name,
            name=layer.name,
            kind=layer.kind,
            family=_family(layer),
            is_user_class=layer.is_user_class,
            made=self.replay.span(layer.created),
            called=self._called(layer),
            config=", ".join(f"{key}={text}" for key, text in layer.config.items() if key != "name"),
            flow=wording.flow_text(layer),
            output=wording.one_of(flow.outputs for flow in layer.flows) or wording.one_of(layer.outputs),
            built=layer.built,
            projected=layer.projected,
            guessed=layer.guessed,
            parameters=wording.parameter_count(layer) if layer.built or layer.weights else None,
            non_trainable=layer.non_trainable_parameters,
            bytes=layer.bytes if layer.built or layer.weights else None,
            flops=cost.flops if cost else None,
            activation_bytes=cost.activation_bytes if cost else None,
            cost_complete=cost is not None and cost.complete,
            weights=tuple(
                ViewWeight(w.name, wording.shape_text(w), w.dtype, w.trainable, w.initializer)
                for w in layer.weights
                if w.owner == layer.id
            ),
            notes=self._notes(layer),
            origin=graph.origin if graph else "held" if steps else "",
            steps=steps,
            edges=edges,
            unknown=tuple(i for i in graph.unknown if i < len(steps)) if graph else (),
            incomplete=graph.incomplete if graph else False,
        )

    def _called(self, layer: LayerReport) -> tuple[Span, ...]:
        spans = (self.replay.span(span) for flow in layer.flows for span in flow.spans)
        return tuple(dict.fromkeys(span for span in spans if span is not None))

    def _notes(self, layer: LayerReport) -> tuple[str, ...]:
        notes = [
            *layer_card.state_note(self.view, layer, None),
            *layer_card.tracking_notes(self.view, layer),
        ]
        if layer.depends_on:
            notes.append(f"What it has {layer.depends_on}.")
        if layer.built_how and layer.weights and not layer.projected:
            notes.append(f"{layer.built_how[0].upper()}{layer.built_how[1:].rstrip('.')}.")
        return tuple(dict.fromkeys(notes))

    def _held(self, layer: LayerReport) -> tuple[ViewStep, ...]:
        """What it holds, where nobody saw what of that runs when."""
        held = {i: path for path, i in reversed(list(locate.attributes(layer).items()))}
        ids = dict.fromkeys([*reversed(held), *layer.layers])
        keys: dict[str, int] = {}
        return tuple(
            ViewStep("layer", _numbered(keys, held.get(i) or _own_name(part)), held.get(i) or part.name, i)
            for i in ids
            if i != layer.id and (part := self.known.get(i)) is not None
        )

    def _graph(
        self, layer: LayerReport, graph: GraphReport
    ) -> tuple[tuple[ViewStep, ...], tuple[ViewEdge, ...]]:
        held: dict[int, str] = {}
        for path, i in locate.attributes(layer).items():
            held.setdefault(i, path)
        counts: dict[int | None, int] = {}
        for step in graph.steps:
            counts[step.layer] = counts.get(step.layer, 0) + 1
        keys: dict[str, int] = {}
        steps = tuple(self._step(step, held, counts, keys) for step in graph.steps)
        edges = tuple(
            ViewEdge(edge.source, edge.target, _shape(edge.tensor), edge.through)
            for edge in graph.edges
            if 0 <= edge.source < len(steps) and 0 <= edge.target < len(steps)
        )
        return steps, edges

    def _step(
        self,
        step: StepReport,
        held: Mapping[int, str],
        counts: Mapping[int | None, int],
        keys: dict[str, int],
    ) -> ViewStep:
        span = self.replay.span(step.span)
        part = self.known.get(step.layer) if step.layer is not None else None
        if part is None:
            label = step.operation or step.name
            kind = "operation" if step.kind == "layer" else step.kind
            return ViewStep(kind, _numbered(keys, f"{kind} {label}"), label, span=span)
        path = held.get(part.id, "")
        return ViewStep(
            "layer",
            _numbered(keys, path or _own_name(part)),
            path or part.name,
            part.id,
            step.call,
            counts[part.id],
            span,
        )


def _variables(view: DocumentView, replay: ReplayView) -> dict[int, str]:
    """Layer id -> the variable that holds it, the first in the text."""
    names: dict[int, str] = {}
    for binding in view.facts.bindings:
        if not binding.is_tensor:
            for layer in replay.layers_at(binding.span):
                names.setdefault(layer.id, binding.name)
    return names


def _numbered(keys: dict[str, int], name: str) -> str:
    """A key of its own: `Dense`, `Dense 2`."""
    keys[name] = keys.get(name, 0) + 1
    return name if keys[name] == 1 else f"{name} {keys[name]}"


def _own_name(layer: LayerReport) -> str:
    """The name that the text gives, else the class: Keras's numbers change with each layer put in before."""
    return layer.name if "name" in layer.config else layer.class_name


def _inside(layer: LayerReport) -> Iterable[int]:
    steps = layer.graph.steps if layer.graph else ()
    held = (*layer.layers, *layer.attributes.values(), *(step.layer for step in steps))
    return {i for i in held if i is not None and i != layer.id}


def _run_by(layer: LayerReport) -> tuple[int | None, ...]:
    return tuple(step.layer for step in layer.graph.steps) if layer.graph else ()


def _has_parts(layer: LayerReport) -> bool:
    return bool(layer.layers or layer.attributes or layer.graph)


def _is_model(layer: LayerReport) -> bool:
    return layer.kind != "layer" or (layer.is_user_class and _has_parts(layer))


def _family(layer: LayerReport) -> str:
    if layer.kind != "layer":
        return "model"
    return "custom" if layer.is_user_class else family(layer.class_name)


def _shape(tensor: TensorSpec | None) -> str:
    if tensor is None:
        return ""
    shape = wording.shape_text(tensor)
    return shape if tensor.dtype == _USUAL_DTYPE else f"{shape} {tensor.dtype}"
