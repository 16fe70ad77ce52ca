"""Where a walk through a module is, and what it writes down on its way."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_lsp.source.array_shapes import shape_of
from keras_lsp.source.build_flow import Effect, Happen, Mention, Operation, Use
from keras_lsp.source.denote import ONE_WEIGHT, Denoter
from keras_lsp.source.facts import EventKind, ModelKind, Step, StepKind
from keras_lsp.source.local_containers import LocalContainers
from keras_lsp.source.notes import Notes
from keras_lsp.source.variables import EventDraft, Path, Scope, Sort, Value, Variable, WeightDraft
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.class_info import ClassInfo, Holder
    from keras_lsp.source.facts import MadeWeight
    from keras_lsp.source.module_index import ModuleIndex
    from keras_lsp.source.positions import Positions


@dataclass
class Walk:
    """The state that all walkers of one module share."""

    positions: Positions
    calls: Calls
    classes: Mapping[str, ClassInfo]
    holders: Mapping[str, Holder]
    index: ModuleIndex
    callables: frozenset[str]  # names of the functions, methods and classes of this module
    scope: Scope
    notes: Notes = field(default_factory=Notes)
    program: list[Operation] = field(default_factory=list)
    node: ast.stmt | None = None  # the statement the walk is at
    blocks: list[tuple[int, ast.stmt]] = field(default_factory=list)  # block and statement, outermost first
    known: set[str] = field(default_factory=set)  # names that mean something to us somewhere
    containers: LocalContainers = field(init=False)
    reach: Reach = field(init=False)
    denoter: Denoter = field(init=False)

    def __post_init__(self) -> None:
        self.reach = Reach()
        self.known |= self.callables | set(self.classes)
        self.denoter = Denoter(self.classes, self.calls)
        self.containers = LocalContainers(self, self.index)

    @property
    def statement(self) -> Span:
        """The statement the walk is at, without the block below it."""
        return self.positions.header_span(self.node) if self.node is not None else Span(0, 0)

    @property
    def in_function(self) -> bool:
        return self.scope.parent is not None and not self.scope.is_class

    def shape(self, node: ast.expr) -> str | None:
        """The shape of an array, where the text spells it."""
        return shape_of(node, self.calls, self.scope.shape)

    def span(self, node: ast.expr) -> Span:
        return self.positions.span(node)

    def text(self, node: ast.expr) -> str:
        return self.span(node).of(self.positions.text)

    @contextmanager
    def apart(self) -> Iterator[list[Operation]]:
        """Collect what follows as a block of its own."""
        outer, self.program = self.program, []
        try:
            yield self.program
        finally:
            self.program = outer

    @contextmanager
    def within(self, scope: Scope) -> Iterator[None]:
        outer, self.scope = self.scope, scope
        try:
            yield
        finally:
            self.scope = outer

    def named(self, name: str) -> None:
        """A callable of this module is named here: from now on it may run."""
        if name in self.callables:
            self.program.append(Mention(name))
            self.reach.calls(self.scope, name)

    def found(self, variable: Variable) -> None:
        """A variable is named; when it is not of this body, the body touches it."""
        if variable.scope is not self.scope and variable.home is None:
            self.reach.touches(self.scope, variable)

    def object_of(self, node: ast.expr) -> Value | None:
        """An object of the class that an expression names, where that is no model and keeps some."""
        if isinstance(node, ast.Name) and self.scope.hides(node.id):
            return None
        own = self.holders.get(node.id) if isinstance(node, ast.Name) else None
        holder = own or self.calls.foreign_holder(node)
        return Value(Sort.HOLDER, holder=holder) if holder is not None else None

    def let_go(self, method: Scope) -> None:
        """Code we do not follow gets the object of a method, with all that the method gave to it."""
        scope: Scope | None = self.scope
        while scope is not None and scope is not method.parent:
            for variable in scope.names.values():
                if variable is not None and variable.home is not None:
                    self.program.append(Happen(variable, Effect.MAY_BUILD, None))
            scope = scope.parent

    def bound(self, variable: Variable) -> None:
        self.known.add(variable.name)
        self.notes.variables.append(variable)

    def happen(
        self, variable: Variable, kind: EventKind, effect: Effect, span: Span, shape_text: str | None = None
    ) -> None:
        """Something happened to a variable's model."""
        event = None
        if effect is not Effect.NONE:
            event = EventDraft(kind, variable.name, span, self.statement, shape_text)
            self.notes.events.append(event)
        self.program.append(Happen(variable, effect, event))

    def weight_list(self, node: ast.Attribute, owner: Value | None, made: MadeWeight | None = None) -> Value:
        """`<owner>.weights` and its kin, or one weight: `<owner>.kernel`."""
        span, owner_span = self.span(node), self.span(node.value)
        draft = WeightDraft(
            span=span,
            owner_span=owner_span,
            attribute=node.attr,
            attribute_span=Span(span.end - len(node.attr), span.end),
            owner=owner,
            statement=self.statement,
            insert_at=None,
            list_span=span,
            is_one=made is not None or node.attr in ONE_WEIGHT,
            made=made,
        )
        self._use(draft, owner.root if owner is not None else None)
        return Value(Sort.WEIGHT if draft.is_one else Sort.WEIGHTS, weights=draft)

    def unknown_layer(
        self, node: ast.Call, root: ast.Name, key: str | int | None, key_span: Span | None
    ) -> Value:
        """`x.get_layer("name")` of a variable of which the text tells nothing."""
        whole, before = self.span(node), self.span(root)
        step = Step(StepKind.GET_LAYER, key, Span(before.end, whole.end), key_span)
        value = Value(Sort.OBJECT, ModelKind.LAYER, path=Path(root.id, before, None, (step,)))
        self.notes.path(whole, value)
        return value

    def in_block_below(self, variable: Variable) -> bool:
        """Whether the walk is in a branch, loop or function that the variable was made outside of."""
        return variable.scope is not self.scope or len(self.blocks) > len(variable.blocks)

    def _use(self, draft: WeightDraft, root: Variable | None) -> None:
        self.notes.weights.append(draft)
        if root is not None:
            draft.insert_at = self._place_before(root)
            self.program.append(Use(root, draft))

    def _place_before(self, root: Variable) -> Span | None:
        """The outermost statement around here that stands in a block where `root` already has its value."""
        if root.scope is not self.scope and root.scope is not self._body():
            return None
        for block, statement in self.blocks:
            outer = set(root.blocks)
            if block in outer and not any(b in outer for b in self._blocks_below(block)):
                start = self.positions.start(statement)
                simple = self.positions.begins_line(start) and not self._is_elif(start)
                return Span(start, self.positions.span(statement).end) if simple else None
        return None

    def _body(self) -> Scope:
        """The function or module around comprehensions and lambdas."""
        scope = self.scope
        while scope.is_expression and scope.parent is not None:
            scope = scope.parent
        return scope

    def _blocks_below(self, block: int) -> list[int]:
        numbers = [number for number, _ in self.blocks]
        return numbers[numbers.index(block) + 1 :]

    def _is_elif(self, start: int) -> bool:
        return self.positions.text.startswith("elif", start)


class Reach:
    """Which variables of outer scopes the functions and classes of a module can touch."""

    def __init__(self) -> None:
        self._variables: dict[str, set[Variable]] = {}
        self._names: dict[str, set[str]] = {}
        self._closed: dict[str, frozenset[Variable]] = {}

    def touches(self, scope: Scope, variable: Variable) -> None:
        for title in _titles(scope, variable.scope):
            self._variables.setdefault(title, set()).add(variable)

    def calls(self, scope: Scope, name: str) -> None:
        for title in _titles(scope, None):
            self._names.setdefault(title, set()).add(name)

    def of(self, name: str) -> frozenset[Variable]:
        """Everything that running `name` can touch, also through what it calls."""
        if name not in self._closed:
            seen: set[str] = set()
            waiting = [name]
            while waiting:
                title = waiting.pop()
                if title not in seen:
                    seen.add(title)
                    waiting += self._names.get(title, ())
            self._closed[name] = frozenset(v for title in seen for v in self._variables.get(title, ()))
        return self._closed[name]


def _titles(scope: Scope | None, until: Scope | None) -> Iterator[str]:
    while scope is not None and scope is not until:
        if scope.title:
            yield scope.title
        scope = scope.parent
