"""Walks expressions: says what they denote and notes every place that means something to us."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.source.build_flow import Branch, Effect, Loop
from keras_lsp.source.call_expressions import CallExpressions
from keras_lsp.source.denote import MODULE_LISTS, ONE_WEIGHT, WEIGHT_LISTS
from keras_lsp.source.facts import EventKind, ModelKind, ReferenceKind
from keras_lsp.source.literals import index_literal, literal, slice_literal
from keras_lsp.source.variables import Path, Scope, Sort, Value
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.source.class_info import Holder
    from keras_lsp.source.facts import MadeWeight
    from keras_lsp.source.variables import Variable
    from keras_lsp.source.walk import Walk

# Attributes that surely mean weights, even on something we know nothing of.
_TELLING = WEIGHT_LISTS - {"variables"}
# Nodes that only pass on what their one expression says.
_ENDS = frozenset({"input", "output"})  # of a layer or model of Keras's own: the tensors of its graph
_WITH_VALUE = (ast.Expr, ast.Return, ast.Starred, ast.FormattedValue, ast.keyword, ast.Await)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


class ExpressionWalker:
    """Expressions of one module; `bind` is how targets of loops and `:=` get their values."""

    def __init__(self, walk: Walk, bind: Callable[[ast.expr, Value | None, ast.expr | None], None]) -> None:
        self._walk = walk
        self._bind = bind
        self._calls = CallExpressions(walk, self.visit)
        self._visitors: dict[type[ast.AST], Callable[..., Value | None]] = {
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.Subscript: self._subscript,
            ast.BinOp: self._binop,
            ast.List: self._elements,
            ast.Tuple: self._elements,
            ast.Dict: self._elements,
            ast.NamedExpr: self._namedexpr,
            ast.IfExp: self._ifexp,
            ast.BoolOp: self._boolop,
            ast.Lambda: self._lambda,
            ast.JoinedStr: self._joinedstr,
            ast.Compare: self._compare,
            **dict.fromkeys(_WITH_VALUE, self._value),
            **dict.fromkeys(_COMPREHENSIONS, self._comprehension),
        }

    def visit(self, node: ast.AST) -> Value | None:
        """What `node` denotes, None when that is nothing we follow."""
        visitor = self._visitors.get(type(node))
        if visitor is not None:
            return visitor(node)
        if not isinstance(node, ast.Constant):
            for child in ast.iter_child_nodes(node):
                self.visit(child)
        return None

    def _value(self, node: ast.Expr | ast.Return) -> Value | None:
        return self.visit(node.value) if node.value is not None else None

    def _compare(self, node: ast.Compare) -> Value | None:
        self.visit(node.left)
        for other in node.comparators:
            self.visit(other)
        return None

    def _name(self, node: ast.Name) -> Value | None:
        walk = self._walk
        if node.id not in walk.known:
            return None
        variable = walk.scope.lookup(node.id)
        if variable is None:
            self._unbound(node)
            held = walk.scope.container(node.id)
            path = Path(node.id, walk.span(node), None)
            holder = walk.scope.holder(node.id)
            if holder is not None:
                return Value(Sort.HOLDER, holder=holder, path=path)
            return Value(Sort.CONTAINER, held=held, path=path) if held is not None and held.entries else None
        return self._of_variable(variable, variable.name, walk.span(node))

    def _of_variable(self, variable: Variable, name: str, span: Span) -> Value:
        walk = self._walk
        walk.found(variable)
        if variable.value.sort is Sort.TENSOR:
            walk.notes.variable(ReferenceKind.TENSOR, span, variable)
            return variable.value
        walk.notes.variable(ReferenceKind.MODEL, span, variable)
        value = variable.value
        path = Path(name, span, value.class_name)
        return value._replace(path=path, root=value.root or variable, variable=variable)

    def _unbound(self, node: ast.Name) -> None:
        """A name that is no variable we follow: a tensor of `call`, a class, a function."""
        walk = self._walk
        body = walk.scope.tensor_scope(node.id)
        if body is not None:
            walk.notes.tensor(walk.span(node), node.id, body.span, is_store=False)
            return
        info = walk.classes.get(node.id)
        if info is not None and not walk.scope.hides(node.id):
            walk.notes.model_class(walk.span(node), info.facts)
        method = walk.scope.holder_method(node.id)
        if method is not None:
            walk.let_go(method)
        walk.named(node.id)

    def _attribute(self, node: ast.Attribute) -> Value | None:
        walk = self._walk
        method = walk.scope.method_scope(node.value.id) if isinstance(node.value, ast.Name) else None
        if method is not None:
            return self._self_attribute(node, method)
        holder = walk.scope.holder_method(node.value.id) if isinstance(node.value, ast.Name) else None
        if holder is not None:
            return self._kept_attribute(node, holder)
        base = self.visit(node.value)
        walk.named(node.attr)
        if base is None:
            return self._on_unknown(node) if node.attr == "layers" or node.attr in _TELLING else None
        if base.holder is not None:
            return self._of_holder(node, base, base.holder)
        return self._on_object(node, base) if base.sort is Sort.OBJECT else None

    def _of_holder(self, node: ast.Attribute, base: Value, holder: Holder) -> Value | None:
        """`trainer.model` of an object that keeps models."""
        walk = self._walk
        whole = walk.span(node)
        value = walk.denoter.kept(base, holder, node.attr, Span(walk.span(node.value).end, whole.end))
        if value is not None and value.sort is Sort.OBJECT:
            walk.notes.path(whole, value)
        return value

    def _kept_attribute(self, node: ast.Attribute, method: Scope) -> Value | None:
        """`self.x` in a method of a class that is no model."""
        walk = self._walk
        variable = walk.scope.kept(node.attr, method)
        if variable is None:
            walk.named(node.attr)
            holder = walk.holders.get(method.parent.title) if method.parent is not None else None
            held = holder.attributes.get(node.attr) if holder is not None else None
            if held is None or not held.is_container:
                return None
            return Value(Sort.CONTAINER, held=held, path=Path(walk.text(node), walk.span(node), None))
        return self._of_variable(variable, walk.text(node), walk.span(node))

    def _self_attribute(self, node: ast.Attribute, method: Scope) -> Value | None:
        """`self.x` in a method of a model class."""
        walk, info = self._walk, method.info
        assert info is not None and isinstance(node.value, ast.Name)  # noqa: S101  # a method scope has both
        root = walk.span(node.value)
        span = walk.span(node)
        me = Value(
            Sort.OBJECT, info.kind, class_name=info.node.name, path=Path(node.value.id, root, info.node.name)
        )
        slots = info.slots_of(node.attr)
        if slots:
            owner = walk.classes[slots[0].owner].facts if slots[0].owner in walk.classes else info.facts
            walk.notes.slot(span, node.attr, owner, slots[0], is_store=False)
            return walk.denoter.attribute(me, node.attr, Span(root.end, span.end))
        held = info.attributes.get(node.attr)
        if held is not None and held.entries:  # made by the body of the class
            value = walk.denoter.attribute(me, node.attr, Span(root.end, span.end))
            if value is not None and value.sort is Sort.OBJECT:
                walk.notes.path(span, value)
            return value
        walk.named(node.attr)
        if node.attr == "layers" and info.kind is ModelKind.SUBCLASS:
            walk.notes.layers(span, None)
            return walk.denoter.attribute(me, node.attr, Span(root.end, span.end))
        made = info.weight(node.attr)
        listed = node.attr in _weight_lists(info.kind) and info.function(node.attr) is None
        return walk.weight_list(node, me, made) if listed or made is not None else None

    def _on_object(self, node: ast.Attribute, base: Value) -> Value | None:
        walk = self._walk
        whole = walk.span(node)
        step = Span(walk.span(node.value).end, whole.end)
        value = walk.denoter.attribute(base, node.attr, step)
        if value is not None and value.sort is Sort.LAYER_LIST:
            walk.notes.layers(whole, base.root)
        elif value is not None and value.sort is Sort.OBJECT:
            walk.notes.path(whole, value)
        elif value is not None:
            self._note_container(node, whole, base)
        else:
            made = self._made_weight(node, base)
            named = made is not None or (node.attr in ONE_WEIGHT and self._is_layer(base))
            if named or node.attr in _weight_lists(base.kind):
                return walk.weight_list(node, base, made)
            if node.attr in _ENDS and base.class_name not in walk.classes:
                return Value(Sort.TENSOR)
        return value

    def _made_weight(self, node: ast.Attribute, base: Value) -> MadeWeight | None:
        """How an object's class makes the weight in an attribute, where the text says so."""
        info = self._walk.classes.get(base.class_name or "")
        if info is not None:
            return info.weight(node.attr)
        span = self._walk.span(node)
        return self._walk.calls.weight_of(base.call, node.attr, span) if base.call is not None else None

    def _note_container(self, node: ast.Attribute, whole: Span, base: Value) -> None:
        info = self._walk.classes.get(base.class_name or "")
        if info is not None and (slots := info.slots_of(node.attr)):
            self._walk.notes.slot(whole, node.attr, info.facts, slots[0], is_store=False)

    def _is_layer(self, base: Value) -> bool:
        return base.kind in {ModelKind.LAYER, ModelKind.UNKNOWN}

    def _on_unknown(self, node: ast.Attribute) -> Value | None:
        """`x.layers` or `x.weights` of something the text does not explain."""
        if not isinstance(node.value, (ast.Name, ast.Call, ast.Attribute)):
            return None
        if node.attr == "layers" and isinstance(node.value, ast.Name) and self._may_be_model(node.value.id):
            root = self._walk.span(node.value)
            self._walk.notes.layers(self._walk.span(node), None)
            return Value(Sort.LAYER_LIST, path=Path(node.value.id, root, None))
        if node.attr in _TELLING and not (
            isinstance(node.value, ast.Name) and not self._may_be_model(node.value.id)
        ):
            return self._walk.weight_list(node, None)
        return None

    def _may_be_model(self, name: str) -> bool:
        """Whether a name can hold a model at all: no import, no class."""
        return not self._walk.calls.imports(name) and name not in self._walk.classes

    def _call(self, node: ast.Call) -> Value | None:
        value = self._calls.visit(node)
        if value is not None and value.sort is Sort.WEIGHTS and value.weights is not None:
            whole = self._walk.span(node)
            value.weights.span = value.weights.list_span = whole
        return value

    def _subscript(self, node: ast.Subscript) -> Value | None:
        base = self.visit(node.value) or self._walk.containers.value(node.value)
        if not isinstance(node.slice, ast.Constant):
            self.visit(node.slice)
        if base is None:
            return None
        walk = self._walk
        whole, before = walk.span(node), walk.span(node.value)
        key, key_span = Span(before.end, whole.end), walk.span(node.slice)
        if base.sort is Sort.WEIGHTS and base.weights is not None:
            index = index_literal(node.slice)
            if index is not None and base.weights.index is None:
                base.weights.index, base.weights.span = index, whole
                return base._replace(sort=Sort.WEIGHT)
            return None
        if base.sort is Sort.LAYER_LIST:
            start = before.end if base.part is not None else before.end - len(".layers")
            step = Span(start, whole.end)
            if isinstance(node.slice, ast.Slice):
                return walk.denoter.cut(base, slice_literal(node.slice), step)
            return self._noted(
                whole, walk.denoter.layer_at(base, index_literal(node.slice), step, key_span), node
            )
        if base.sort is Sort.CONTAINER and isinstance(node.slice, ast.Slice):
            return walk.denoter.cut(base, slice_literal(node.slice), key)
        if base.sort is Sort.CONTAINER:
            spelled, _ = literal(node.slice)
            name = spelled if isinstance(spelled, (str, int)) else None
            return self._noted(whole, walk.denoter.element(base, name, key, key_span), node)
        return None

    def _noted(self, span: Span, value: Value, node: ast.Subscript) -> Value:
        if value.path is not None and value.sort is Sort.OBJECT:
            self._walk.notes.path(span, value, is_store=isinstance(node.ctx, (ast.Store, ast.Del)))
        return value

    def _binop(self, node: ast.BinOp) -> Value | None:
        """Arithmetic on a tensor gives a tensor that no layer made. Long chains lean left, so a loop."""
        parts: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            parts.append(left.right)
            left = left.left
        values = [self.visit(part) for part in (left, *reversed(parts))]
        tensors = [v for v in values if v is not None and v.sort is Sort.TENSOR]
        return mixed(tensors, Sort.TENSOR)

    def _elements(self, node: ast.List | ast.Tuple | ast.Dict) -> Value | None:
        values = [self.visit(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        only_said = isinstance(self._walk.node, ast.Expr) and self._walk.node.value is node
        for value in () if only_said else values:  # what is done to an element is done to what it is, too
            if value is not None and value.root is not None and value.sort is Sort.OBJECT:
                self._walk.happen(value.root, EventKind.OTHER, Effect.MAY_BUILD, self._walk.span(node))
        return mixed(
            [v for v in values if v is not None and v.sort in {Sort.TENSOR, Sort.TENSORS}], Sort.TENSORS
        )

    def _joinedstr(self, node: ast.JoinedStr) -> Value | None:
        """Before Python 3.12 the places inside an f-string can be wrong; then nothing there is noted."""
        names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
        if all(self._walk.positions.spells(name, name.id) for name in names):
            for value in node.values:
                if isinstance(value, ast.FormattedValue):
                    self.visit(value)
        return None

    def _namedexpr(self, node: ast.NamedExpr) -> Value | None:
        value = self.visit(node.value)
        self._bind(node.target, value, node.value)
        return value

    def _ifexp(self, node: ast.IfExp) -> Value | None:
        self.visit(node.test)
        with self._walk.apart() as then:
            first = self.visit(node.body)
        with self._walk.apart() as other:
            second = self.visit(node.orelse)
        if then or other:
            self._walk.program.append(Branch((then, other)))
        return self._either(node, first, second)

    def _either(self, node: ast.IfExp, first: Value | None, second: Value | None) -> Value | None:
        """A new object where it is made on one way and None on the other, or on both by the same class."""
        found = [value for value in (first, second) if value is not None]
        nothing = any(isinstance(n, ast.Constant) and n.value is None for n in (node.body, node.orelse))
        if not found or len(found) + nothing != 2 or not all(v.is_new and v.call is not None for v in found):
            return None
        if len({v.call.callee for v in found if v.call is not None}) != 1:
            return None
        call = found[0].call if len(found) == 1 else None
        return Value(Sort.OBJECT, found[0].kind, call, found[0].class_name)

    def _boolop(self, node: ast.BoolOp) -> Value | None:
        self.visit(node.values[0])
        with self._walk.apart() as rest:
            for value in node.values[1:]:
                self.visit(value)
        if rest:
            self._walk.program.append(Branch((rest, [])))
        return None

    def _lambda(self, node: ast.Lambda) -> Value | None:
        arguments = node.args
        names = [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        ]
        scope = Scope(self._walk.span(node), self._walk.scope, is_expression=True)
        scope.names.update((argument.arg, None) for argument in names if argument is not None)
        with self._walk.within(scope), self._walk.apart() as body:
            self.visit(node.body)
        if body:
            self._walk.program.append(Branch((body, [])))
        return None

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> Value | None:
        scope = Scope(self._walk.span(node), self._walk.scope, is_expression=True)
        with self._walk.within(scope), self._walk.apart() as body:
            for generator in node.generators:
                self.loop(generator.target, generator.iter)
                for condition in generator.ifs:
                    self.visit(condition)
            if isinstance(node, ast.DictComp):
                self.visit(node.key)
                self.visit(node.value)
            else:
                self.visit(node.elt)
        if body:
            self._walk.program.append(Loop(body))
        return None

    def loop(self, target: ast.expr, iterated: ast.expr) -> None:
        """`for target in iterated`: layers, where they are run over."""
        if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and not iterated.keywords:
            values = [self._each_of(argument) for argument in iterated.args]
            name = iterated.func.id
            if name == "reversed" and len(values) == 1:
                self._bind(target, values[0], None)
                return
            if name in {"enumerate", "zip"} and isinstance(target, (ast.Tuple, ast.List)):
                found = [None, *values[:1]] if name == "enumerate" else values
                for element, value in zip(target.elts, [*found, *[None] * len(target.elts)], strict=False):
                    self._bind(element, value, None)
                return
            self._calls.handed_over(iterated, values)
            self._bind(target, self._each(self._walk.containers.value(iterated)), None)
            return
        if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Attribute) and not iterated.args:
            self._loop_over_view(target, iterated, iterated.func)
            return
        self._bind(target, self._each_of(iterated), None)

    def _loop_over_view(self, target: ast.expr, iterated: ast.Call, func: ast.Attribute) -> None:
        """`for name, model in models.items()`, or over `models.values()`."""
        both = isinstance(target, (ast.Tuple, ast.List)) and len(target.elts) == 2
        if not (func.attr == "values" or (func.attr == "items" and both)):
            self._bind(target, self._each_of(iterated), None)
            return
        value = self._each_of(func.value)
        if func.attr == "values":
            self._bind(target, value, None)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._bind(target.elts[0], None, None)
            self._bind(target.elts[1], value, None)

    def _each_of(self, node: ast.expr) -> Value | None:
        return self._each(self.visit(node) or self._walk.containers.value(node))

    def _each(self, value: Value | None) -> Value | None:
        if value is not None and value.sort in {Sort.LAYER_LIST, Sort.CONTAINER}:
            return self._walk.denoter.each(value)
        return None


def _weight_lists(kind: ModelKind) -> frozenset[str]:
    return MODULE_LISTS if kind is ModelKind.MODULE else WEIGHT_LISTS


def mixed(values: list[Value], sort: Sort) -> Value | None:
    """A value made of tensors, with all the layers they came through."""
    if not values:
        return None
    calls = {id(call): call for value in values for call in value.history}
    return Value(sort, history=tuple(calls.values()))
