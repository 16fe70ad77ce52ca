"""The syntax tree of a document, for rules about how something is written and other ways to write it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from keras_lsp.source import keras_names
from keras_lsp.source.facts import Binding, LayerCall, ModelClass, ReferenceKind
from keras_lsp.source.parse import ParsedModule
from keras_lsp.source.positions import Located, Positions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.text.span import Span

Function = ast.FunctionDef | ast.AsyncFunctionDef
_TESTS = (ast.If, ast.IfExp, ast.Try, ast.BoolOp, ast.While, ast.Match)
_NOTHING = ParsedModule("")


@dataclass(frozen=True)
class Tree:
    module: ast.Module
    positions: Positions

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.module) for child in ast.iter_child_nodes(node)}

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.module))

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


class CallMethod(NamedTuple):
    """The `call` of a model class."""

    model_class: ModelClass
    function: Function
    nodes: tuple[ast.AST, ...]  # of the whole function


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
    for node in tree.nodes:
        if isinstance(node, ast.ClassDef):
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
    for node in tree.nodes:
        if isinstance(node, ast.Assign) and tree.span(node) == binding.statement:
            return node if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) else None
    return None


def call_methods(view: DocumentView) -> Iterator[CallMethod]:
    for model_class, node in model_classes(view):
        function = method(node, "call")
        if function is not None:
            yield CallMethod(model_class, function, tuple(ast.walk(function)))


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
