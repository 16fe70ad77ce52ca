"""Walks the statements of a module: what names come to mean, in which order, on which paths."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from keras_lsp.source.annotations import annotated
from keras_lsp.source.array_shapes import shapes_of_data
from keras_lsp.source.build_flow import Attempt, Branch, Leave, Loop
from keras_lsp.source.expressions import ExpressionWalker
from keras_lsp.source.name_binding import NameBinder
from keras_lsp.source.parameters import all_arguments, self_name, takes_fixtures
from keras_lsp.source.variables import Scope, Sort, Value

if TYPE_CHECKING:
    from keras_lsp.source.module_index import Function
    from keras_lsp.source.walk import Walk

_Step = Callable[[ast.stmt], None]


class ModuleWalker:
    """One module. Bodies of functions come after the body that holds them: that is when they run."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._binder = NameBinder(walk)
        self._expressions = ExpressionWalker(walk, self._bind)
        self._visit = self._expressions.visit
        self._waiting: list[tuple[Function, Scope]] = []
        self._blocks_seen = 0
        self._steps: dict[type[ast.stmt], Callable[..., None]] = {
            ast.Assign: self._assign,
            ast.AnnAssign: self._annassign,
            ast.AugAssign: self._augassign,
            ast.If: self._if,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.While: self._while,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Try: self._try,
            ast.Match: self._match,
            ast.Return: self._leave,
            ast.Raise: self._leave,
            ast.Break: self._leave,
            ast.Continue: self._leave,
            ast.Global: self._global,
            ast.Delete: self._delete,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Import: _nothing,
            ast.ImportFrom: _nothing,
        }
        if hasattr(ast, "TryStar"):
            self._steps[ast.TryStar] = self._try

    def run(self, tree: ast.Module) -> None:
        """Walk everything; what was found is in the walk's notes."""
        self._body(tree.body)
        while self._waiting:
            function, scope = self._waiting.pop(0)
            self._run_function(function, scope)

    def _body(self, statements: Sequence[ast.stmt]) -> None:
        """A module or function body: a program of its own."""
        self._walk.program = []
        self._walk.blocks = []
        self._walk.notes.programs.append(self._walk.program)
        self._block(statements)

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        self._blocks_seen += 1
        number, blocks = self._blocks_seen, self._walk.blocks
        depth = len(blocks)
        for statement in statements:
            blocks.append((number, statement))
            try:
                self._statement(statement)
            except RecursionError:  # nested deeper than we follow: this statement has no facts
                continue
            finally:
                del blocks[depth:]

    def _statement(self, node: ast.stmt) -> None:
        self._walk.node = node
        step = self._steps.get(type(node))
        if step is not None:
            step(node)
        else:
            self._visit(node)

    def _bind(self, target: ast.expr, value: Value | None, node: ast.expr | None) -> None:
        """Give `value`, the value of the expression `node`, to a target."""
        if isinstance(target, ast.Name):
            self._binder.name(target, value)
            if node is not None:
                self._walk.containers.begin(target, node, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for position, element in enumerate(target.elts):
                inner = element.value if isinstance(element, ast.Starred) else element
                self._bind(inner, self._unpacked(value, position, element), None)
        elif isinstance(target, ast.Attribute):
            if self._binder.kept_attribute(target, value):
                return
            self._binder.escape(value, node)
            if not self._binder.self_attribute(target):
                self._binder.attribute_of(self._visit(target.value), node or target)
        else:
            self._binder.escape(value, node)
            self._visit(target)
            if isinstance(target, ast.Subscript) and node is not None:
                self._walk.containers.given(target, node)

    def _unpacked(self, value: Value | None, position: int, target: ast.expr) -> Value | None:
        """What an element of a tuple of targets gets."""
        if value is not None and value.sort is Sort.CONTAINER and not isinstance(target, ast.Starred):
            return self._walk.denoter.unpacked(value, position)
        return value if value is not None and value.sort is Sort.TENSOR else None

    def _assign(self, node: ast.Assign) -> None:
        pairs = _pairs(node)
        if pairs:
            made = self._walk.containers.value
            values = [(target, self._visit(value) or made(value), value) for target, value in pairs]
            for target, value, source in values:
                self._bind(target, value, source)
            return
        value = self._visit(node.value) or self._walk.containers.value(node.value)
        shape = self._walk.shape(node.value)  # before a target gets another: `x = x / 255`
        for target in node.targets:
            self._bind(target, value, node.value)
            if isinstance(target, ast.Name):
                self._note_shape(target.id, shape)
            elif isinstance(target, ast.Tuple):
                self._note_data(target, node.value)

    def _note_data(self, target: ast.Tuple, value: ast.expr) -> None:
        """`(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()`."""
        for part, shape in zip(target.elts, shapes_of_data(value, self._walk.calls), strict=False):
            if isinstance(part, ast.Tuple) and part.elts and isinstance(part.elts[0], ast.Name):
                self._walk.scope.shapes[part.elts[0].id] = shape

    def _note_shape(self, name: str, shape: str | None) -> None:
        """Of an array in a variable; what is given on some paths only is not known."""
        shapes = self._walk.scope.shapes
        if shape is not None or name in shapes:
            doubtful = name in shapes and len(self._walk.blocks) > 1 and shapes[name] != shape
            shapes[name] = None if doubtful else shape

    def _annassign(self, node: ast.AnnAssign) -> None:
        self._visit(node.annotation)
        if node.value is not None:
            value = self._visit(node.value) or self._walk.containers.value(node.value)
            value = value or annotated(node.annotation, self._walk)
            self._bind(node.target, value, node.value)

    def _augassign(self, node: ast.AugAssign) -> None:
        before = self._visit(node.target)
        added = self._visit(node.value)
        tensors = [v for v in (before, added) if v is not None and v.sort is Sort.TENSOR]
        if before is not None and before.sort is Sort.CONTAINER:
            self._walk.containers.extended(node.target, node.value)
        elif isinstance(node.target, ast.Name):
            self._binder.name(
                node.target, Value(Sort.TENSOR, history=tensors[0].history) if tensors else None
            )

    def _if(self, node: ast.If) -> None:
        branches = []
        last: list[ast.stmt] = [node]
        while len(last) == 1 and isinstance(last[0], ast.If):  # an `elif` chain is not nested for a reader
            self._visit(last[0].test)
            with self._walk.apart() as then:
                self._block(last[0].body)
            branches.append(then)
            last = last[0].orelse
        with self._walk.apart() as otherwise:
            self._block(last)
        self._walk.program.append(Branch((*branches, otherwise)))

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self._expressions.loop(node.target, node.iter)
        self._repeat(node.body, node.orelse)

    def _while(self, node: ast.While) -> None:
        self._visit(node.test)
        self._repeat(node.body, node.orelse)

    def _repeat(self, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        with self._walk.apart() as block:
            self._block(body)
        self._walk.program.append(Loop(block))
        self._block(orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self._visit(item.context_expr)
            if item.optional_vars is not None:
                self._bind(item.optional_vars, None, None)
        self._block(node.body)

    def _try(self, node: ast.Try) -> None:
        with self._walk.apart() as body:
            self._block(node.body)
            self._block(node.orelse)
        handlers = []
        for handler in node.handlers:
            with self._walk.apart() as block:
                if handler.type is not None:
                    self._visit(handler.type)
                self._block(handler.body)
            handlers.append(block)
        self._walk.program.append(Attempt(body, tuple(handlers)))
        self._block(node.finalbody)

    def _match(self, node: ast.Match) -> None:
        self._visit(node.subject)
        blocks = []
        for case in node.cases:
            with self._walk.apart() as block:
                self._block(case.body)
            blocks.append(block)
        self._walk.program.append(Branch((*blocks, [])))

    def _leave(self, node: ast.Return | ast.Raise | ast.Break | ast.Continue) -> None:
        self._visit(node)
        if isinstance(node, ast.Return) and not self._walk.in_function:
            return  # half-typed: it leaves nothing
        self._walk.program.append(Leave(loop_only=isinstance(node, (ast.Break, ast.Continue))))

    def _global(self, node: ast.Global) -> None:
        for name in node.names:
            variable = self._walk.scope.lookup(name)
            if variable is not None:
                self._walk.found(variable)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._walk.scope.names[target.id] = None
                self._walk.scope.containers.pop(target.id, None)
                continue
            self._visit(target)
            if isinstance(target, ast.Subscript):
                self._walk.containers.deleted(target)

    def _class(self, node: ast.ClassDef) -> None:
        walk = self._walk
        info = walk.classes.get(node.name)
        if info is not None and info.node is node:
            walk.notes.model_class(info.facts.name_span, info.facts, store=True)
        for outside in (*node.decorator_list, *node.bases, *node.keywords):
            self._visit(outside)
        inner = Scope(walk.positions.span(node), walk.scope, is_class=True, title=node.name)
        inner.info = info if info is not None and info.node is node else None
        holder = walk.holders.get(node.name) if info is None else None
        if holder is not None and holder.node is node:
            self._binder.keep(holder, inner, walk.positions.name_span(node))
        with walk.within(inner):
            self._block(node.body)

    def _function(self, node: Function) -> None:
        walk = self._walk
        arguments = node.args
        for outside in (*node.decorator_list, *arguments.defaults, *arguments.kw_defaults):
            if outside is not None:
                self._visit(outside)
        walk.scope.names[node.name] = None
        scope = Scope(walk.positions.span(node), walk.scope, title=node.name)
        if walk.scope.is_class and walk.scope.info is not None:
            scope.info, scope.self_name = walk.scope.info, self_name(node)
            scope.is_call = node.name == "call" and scope.self_name is not None
        elif walk.scope.is_class:
            scope.object_name = self_name(node)
            if scope.object_name:
                walk.known.add(scope.object_name)
        self._waiting.append((node, scope))

    def _run_function(self, node: Function, scope: Scope) -> None:
        with self._walk.within(scope):
            self._walk.node = node
            names = all_arguments(node)
            fixtures = takes_fixtures(node)
            for argument in names[1:] if scope.self_name or scope.object_name else names:
                self._binder.parameter(argument, fixtures)
            for extra in (node.args.vararg, node.args.kwarg):
                if extra is not None:
                    scope.names[extra.arg] = None
            self._body(node.body)


def _nothing(node: ast.stmt) -> None:
    """Imports were read before."""


def _pairs(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """`a, b = x, y` as pairs."""
    target = node.targets[0]
    both = (ast.Tuple, ast.List)
    if len(node.targets) != 1 or not isinstance(target, both) or not isinstance(node.value, both):
        return []
    elements = [*target.elts, *node.value.elts]
    if len(target.elts) != len(node.value.elts) or any(isinstance(e, ast.Starred) for e in elements):
        return []
    return list(zip(target.elts, node.value.elts, strict=True))
