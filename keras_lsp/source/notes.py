"""Collects what a walk finds and turns the drafts into facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_lsp.source.facts import (
    Binding,
    BuildEvent,
    Built,
    LayerCall,
    LayerPath,
    LayerSlot,
    ModelClass,
    Reference,
    ReferenceKind,
    WeightUse,
)
from keras_lsp.source.variables import EventDraft, Sort, Value, Variable, WeightDraft
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.source.build_flow import Operation
    from keras_lsp.source.facts import HolderBinding, MadeWeight


@dataclass
class Notes:
    """Everything the walk of one module writes down."""

    variables: list[Variable] = field(default_factory=list)
    events: list[EventDraft] = field(default_factory=list)
    weights: list[WeightDraft] = field(default_factory=list)
    paths: list[LayerPath] = field(default_factory=list)
    programs: list[list[Operation]] = field(default_factory=list)
    holders: list[HolderBinding] = field(default_factory=list)
    stands_for: dict[Variable, Variable] = field(default_factory=dict)  # an attribute, and where it is given
    _references: list[Reference] = field(default_factory=list)
    _of_variables: list[tuple[ReferenceKind, Span, Variable, bool]] = field(default_factory=list)

    def variable(self, kind: ReferenceKind, span: Span, variable: Variable, is_store: bool = False) -> None:
        """A place where a variable is named. Its binding is a fact only at the end."""
        self._of_variables.append((kind, span, variable, is_store))

    def tensor(self, span: Span, name: str, scope: Span, is_store: bool) -> None:
        """A tensor that nothing in the text gives a layer."""
        self._references.append(Reference(ReferenceKind.TENSOR, span, name, is_store, scope=scope))

    def model_class(
        self, span: Span, model: ModelClass, call: LayerCall | None = None, store: bool = False
    ) -> None:
        self._references.append(
            Reference(ReferenceKind.MODEL_CLASS, span, model.name, store, model_class=model, call=call)
        )

    def constructor(self, call: LayerCall) -> None:
        self._references.append(
            Reference(ReferenceKind.CONSTRUCTOR, call.callee_span, call.class_name, call=call)
        )

    def slot(self, span: Span, name: str, owner: ModelClass, slot: LayerSlot, is_store: bool) -> None:
        self._references.append(
            Reference(ReferenceKind.SLOT, span, name, is_store, model_class=owner, slot=slot)
        )

    def weight_made(self, weight: MadeWeight, root: str) -> None:
        """`self.kernel = self.add_weight(...)`: the place where the weight gets its name."""
        span = weight.definition
        use = WeightUse(
            span=span,
            owner_span=Span(span.start, span.start + len(root)),
            attribute=weight.attribute,
            attribute_span=Span(span.end - len(weight.attribute), span.end),
            index=None,
            root=root,
            layer=None,
            statement=weight.source_line,
            insert_at=None,
            state=Built.UNKNOWN,
            made=weight,
        )
        self._references.append(
            Reference(ReferenceKind.WEIGHT, span, weight.attribute, is_store=True, weight=use)
        )

    def layers(self, span: Span, variable: Variable | None) -> None:
        if variable is None:
            self._references.append(Reference(ReferenceKind.LAYERS, span, "layers"))
        else:
            self._of_variables.append((ReferenceKind.LAYERS, span, variable, False))

    def path(self, span: Span, value: Value, is_store: bool = False) -> None:
        """An expression that denotes a layer below a variable or `self`."""
        path = layer_path(span, value, is_store)
        if path is not None:
            self.paths.append(path)
            name = str(path.steps[-1].value) if path.steps else path.root
            self._references.append(
                Reference(
                    ReferenceKind.LAYER_PATH, span, name, is_store, slot=path.slot, path=path, call=path.call
                )
            )

    def facts(self) -> Facts:
        """The facts, once the states of all uses are known."""
        events = {event: event.fact() for event in self.events}
        uses = tuple(_weight_use(draft, events) for draft in self.weights)
        bindings = {variable: binding_of(variable) for variable in self.variables}
        named_by = bindings | {kept: bindings[variable] for kept, variable in self.stands_for.items()}
        references = [
            *self._references,
            *(_variable_reference(named_by, *named) for named in self._of_variables),
            *(
                r
                for draft, use in zip(self.weights, uses, strict=True)
                for r in _weight_references(draft, use)
            ),
        ]
        references.sort(key=lambda r: (r.span.start, r.span.end))
        return Facts(
            tuple(bindings.values()), tuple(events.values()), tuple(self.paths), uses, tuple(references)
        )


@dataclass(frozen=True)
class Facts:
    """What `Notes` hands over."""

    bindings: tuple[Binding, ...]
    events: tuple[BuildEvent, ...]
    paths: tuple[LayerPath, ...]
    weight_uses: tuple[WeightUse, ...]
    references: tuple[Reference, ...]


def _variable_reference(
    bindings: dict[Variable, Binding], kind: ReferenceKind, span: Span, variable: Variable, is_store: bool
) -> Reference:
    name = "layers" if kind is ReferenceKind.LAYERS else variable.name
    scope = variable.scope.span if kind is ReferenceKind.TENSOR else None
    return Reference(kind, span, name, is_store, binding=bindings.get(variable), scope=scope)


def layer_path(span: Span, value: Value, is_store: bool = False) -> LayerPath | None:
    path = value.path
    if path is None:
        return None
    return LayerPath(
        span, path.root, path.root_span, path.root_class, path.steps, value.slot, value.call, is_store
    )


def binding_of(variable: Variable) -> Binding:
    value = variable.value
    return Binding(
        name=variable.name,
        span=variable.span,
        statement=variable.statement,
        scope=(variable.home or variable.scope).span,
        kind=value.kind,
        call=value.call,
        is_tensor=value.sort is Sort.TENSOR,
        class_name=value.class_name,
        layers=variable.layers,
        complete=variable.complete,
    )


def _weight_use(draft: WeightDraft, events: dict[EventDraft, BuildEvent]) -> WeightUse:
    owner = draft.owner
    on_layer = owner is not None and owner.path is not None and bool(owner.path.steps or owner.slot)
    root = owner.root.name if owner is not None and owner.root is not None else None
    if root is None and owner is not None and owner.path is not None:
        root = owner.path.root
    return WeightUse(
        span=draft.span,
        owner_span=draft.owner_span,
        attribute=draft.attribute,
        attribute_span=draft.attribute_span,
        index=draft.index,
        root=root,
        layer=layer_path(draft.owner_span, owner) if owner is not None and on_layer else None,
        statement=draft.statement,
        insert_at=draft.insert_at,
        state=draft.state,
        cause=events.get(draft.cause) if draft.cause is not None else None,
        made=draft.made,
    )


def _weight_references(draft: WeightDraft, use: WeightUse) -> list[Reference]:
    if draft.is_one and draft.index is None:
        return [Reference(ReferenceKind.WEIGHT, use.span, use.attribute, weight=use)]
    whole = Reference(ReferenceKind.WEIGHTS, draft.list_span, use.attribute, weight=use)
    if draft.index is None:
        return [whole]
    return [Reference(ReferenceKind.WEIGHT, use.span, use.attribute, weight=use), whole]
