"""The syntax tree of a document, for rules about how something is written and other ways to write it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from keras_lsp.source import keras_names
from keras_lsp.source.facts import Binding, LayerCall, ModelClass, ReferenceKind
from keras_lsp.source.parse import ParsedModule
from keras_lsp.source.positions import Located, Positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.text.span import Span

Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = TypeVar("Node", bound=ast.AST)
_TESTS = (ast.If, ast.IfExp, ast.Try, ast.BoolOp, ast.While, ast.Match)
_BODIES = ("body", "orelse", "finalbody")
_NOTHING = ParsedModule("")


@dataclass(frozen=True)
class Tree:
    module: ast.Module
    positions: Positions

    @cached_property
    def _walked(self) -> tuple[list[ast.AST], list[int]]:
        """All nodes, each before what is in it, and for each the index of the one that holds it."""
        nodes: list[ast.AST] = []
        above: list[int] = []
        waiting: list[tuple[ast.AST, int]] = [(self.module, -1)]  # no recursion: sums may be thousands deep
        while waiting:
            node, holder = waiting.pop()
            index = len(nodes)
            nodes.append(node)
            above.append(holder)
            waiting += [(child, index) for child in reversed(_children(node))]
        return nodes, above

    @property
    def nodes(self) -> Sequence[ast.AST]:
        """In the order of the text, but for whether a name is read or written, which is no place in it."""
        return self._walked[0]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        nodes, above = self._walked
        return {node: nodes[holder] for node, holder in zip(nodes, above, strict=True) if holder >= 0}

    @cached_property
    def _ranges(self) -> dict[ast.AST, slice]:
        nodes, above = self._walked
        ends = list(range(1, len(nodes) + 1))
        for index in range(len(nodes) - 1, 0, -1):
            ends[above[index]] = max(ends[above[index]], ends[index])
        return {node: slice(index, ends[index]) for index, node in enumerate(nodes)}

    def below(self, node: ast.AST) -> Sequence[ast.AST]:
        """The node and what is in it, in the order of the text."""
        return self.nodes[self._ranges[node]]

    @cached_property
    def _by_kind(self) -> dict[type[ast.AST], list[ast.AST]]:
        found: dict[type[ast.AST], list[ast.AST]] = {}
        for node in self.nodes:
            found.setdefault(type(node), []).append(node)
        return found

    def every(self, kind: type[Node]) -> Sequence[Node]:
        """The nodes of a class, in the order of the text."""
        return cast("list[Node]", self._by_kind.get(kind, ()))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Outer ones before those in them."""
        return tuple(node for node in self.nodes if isinstance(node, Function))

    def span(self, node: Located) -> Span:
        return self.positions.span(node)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes that hold it, innermost first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def body_of(self, statement: ast.stmt) -> Sequence[ast.stmt]:
        """The statements of the block that it is in, itself among them."""
        holder = self.parents[statement]
        bodies: Iterator[list[ast.stmt]] = (getattr(holder, name, []) for name in _BODIES)
        return next((body for body in bodies if statement in body), ())

    def function_of(self, node: ast.AST) -> Function | None:
        """The innermost function whose body it is in."""
        return next((n for n in self.above(node) if isinstance(n, Function)), None)

    def is_tested(self, node: ast.AST) -> bool:
        """Whether it runs on some paths of its function only."""
        for parent in self.above(node):
            if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                return False
            if isinstance(parent, _TESTS):
                return True
        return False


def _children(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and name != "ctx":
            found.append(value)
    return found


class CallMethod(NamedTuple):
    """The `call` of a model class."""

    model_class: ModelClass
    function: Function
    nodes: Sequence[ast.AST]  # of the whole function


@lru_cache(maxsize=8)
def _tree(parsed: ParsedModule) -> Tree:
    return Tree(parsed.tree, Positions(parsed.text))


def tree_of(view: DocumentView) -> Tree:
    """Empty where the text does not speak of Keras."""
    return _tree(view.parsed if view.facts.keras.used else _NOTHING)


def canonical(view: DocumentView, node: ast.expr) -> str:
    """`keras.layers.Dense`, however it is written; "" for what is not a dotted name."""
    dotted = keras_names.dotted_name(node)
    if dotted is None:
        return ""
    root, dot, rest = dotted.partition(".")
    known = dict(view.facts.keras.names).get(root, "")
    return keras_names.canonical(f"{known}{dot}{rest}") if known else ""


def model_classes(view: DocumentView) -> Iterator[tuple[ModelClass, ast.ClassDef]]:
    tree = tree_of(view)
    for node in tree.every(ast.ClassDef):
        model_class = view.facts.model_class(node.name)
        if model_class is not None and tree.positions.name_span(node) == model_class.name_span:
            yield model_class, node


def is_read_whole(view: DocumentView, node: Located) -> bool:
    """Whether the text of a node parses: what it lacks may be what is being typed, also right behind it."""
    span, text = tree_of(view).span(node), view.document.text
    broken = (problem.span for problem in view.facts.problems)
    return not any(
        one.end > span.start and (one.start < span.end or not text[span.end : one.start].strip())
        for one in broken
    )


def method(node: ast.ClassDef, name: str) -> Function | None:
    return next((n for n in node.body if isinstance(n, Function) and n.name == name), None)


def assignment_of(view: DocumentView, binding: Binding) -> ast.Assign | None:
    """The statement `name = ...` that a variable has its value from; None where it is written otherwise."""
    tree = tree_of(view)
    for node in tree.every(ast.Assign):
        if tree.span(node) == binding.statement:
            return node if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) else None
    return None


def call_methods(view: DocumentView) -> Iterator[CallMethod]:
    tree = tree_of(view)
    for model_class, node in model_classes(view):
        function = method(node, "call")
        if function is not None:
            yield CallMethod(model_class, function, tree.below(function))


def calls_of(view: DocumentView) -> dict[Span, LayerCall]:
    """The constructor calls of layers and models in the text, by their place."""
    return {
        reference.call.span: reference.call
        for reference in view.facts.references
        if reference.kind is ReferenceKind.CONSTRUCTOR and reference.call is not None
    }


def self_attribute(node: ast.AST) -> str | None:
    """`x` of `self.x`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return node.attr
    return None
