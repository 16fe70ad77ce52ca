"""Follows the inputs of a `call` through its text: which layers each meets first, what is asked of its shape.

Only as far as the rank stays the input's own, or may: through layers that keep it, elementwise functions and
the class's own methods. Nothing is evaluated.
"""

from __future__ import annotations

import ast
from typing import Dict, List, NamedTuple, Optional, Tuple, Union

from .tensor_uses import (
    ELEMENTWISE,
    SHAPES,
    Element,
    LayerPath,
    Meet,
    Trace,
    Use,
    given_to_function,
    is_name,
    literal,
)

MAX_METHODS = 4  # how deep calls of the class's own methods are followed


class LayerName(NamedTuple):
    """What a name holds in a loop over layers: `for block in self.blocks`."""

    path: LayerPath


Known = Union[Trace, LayerName, None]


class Flow:
    """Reads one `call` when made; the rest answers questions about it."""

    def __init__(self, call: ast.FunctionDef, methods: Dict[str, ast.FunctionDef]) -> None:
        self._methods = methods
        self._uses: Dict[Tuple[str, Element], Use] = {}
        self._keys: Dict[str, List[str]] = {}
        self._members: Dict[str, int] = {}
        self._names: Dict[Tuple[str, int], str] = {}
        self._depth = 0
        names = [a.arg for a in (*call.args.posonlyargs, *call.args.args, *call.args.kwonlyargs)][1:]
        self._follow(call.body, {name: Trace(name, None) for name in names})

    def use(self, parameter: str, element: Element = None) -> Use:
        return self._uses.setdefault((parameter, element), Use())

    def keys_of(self, parameter: str) -> List[str]:
        return self._keys.get(parameter, [])

    def members_of(self, parameter: str) -> int:
        """How many elements the text takes out of a list: 0 or 1 say nothing."""
        return self._members.get(parameter, 0)

    def member_names(self, parameter: str) -> Dict[int, str]:
        return {index: name for (owner, index), name in self._names.items() if owner == parameter}

    # -- statements

    def _follow(self, body: List[ast.stmt], names: Dict[str, Known]) -> Optional[Trace]:
        """The trace of the first value returned."""
        returned: Optional[Trace] = None
        for statement in body:
            if isinstance(statement, ast.Assign):
                self._assign(statement.targets[0], statement.value, names)
            elif isinstance(statement, ast.AugAssign):
                self._value(statement.value, names)
            elif isinstance(statement, ast.Return) and statement.value is not None:
                returned = returned or self._value(statement.value, names)
            elif isinstance(statement, (ast.For, ast.If, ast.While, ast.With)):
                if isinstance(statement, ast.For):
                    self._loop(statement, names)
                elif not isinstance(statement, ast.With):
                    self._value(statement.test, names)
                inner = self._follow([*statement.body, *getattr(statement, "orelse", [])], names)
                returned = returned or inner
            elif isinstance(statement, ast.Expr):
                self._value(statement.value, names)
        return returned

    def _assign(self, target: ast.expr, value: ast.expr, names: Dict[str, Known]) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                traces = [self._value(part, names) for part in value.elts]
                for name, part in zip(target.elts, traces):
                    if isinstance(name, ast.Name):
                        names[name.id] = part
                return
            self._unpack(target, self._value(value, names), names)
            return
        known: Known = self._layer_name(value, names) or self._value(value, names)
        if isinstance(target, ast.Name):
            names[target.id] = known

    def _unpack(
        self, target: Union[ast.Tuple, ast.List], trace: Optional[Trace], names: Dict[str, Known]
    ) -> None:
        for element in target.elts:
            if isinstance(element, ast.Name):
                names[element.id] = None
        if trace is None:
            return
        if trace.shape_of:
            if not trace.passed:
                self.use(trace.parameter, trace.element).unpacked(target, trace.hidden)
        elif trace.element is None and not trace.passed:
            self._members[trace.parameter] = max(self.members_of(trace.parameter), len(target.elts))
            for index, element in enumerate(target.elts):
                if isinstance(element, ast.Name):
                    names[element.id] = Trace(trace.parameter, index)
                    self._names[trace.parameter, index] = element.id

    def _comprehension(
        self, node: Union[ast.ListComp, ast.GeneratorExp], names: Dict[str, Known]
    ) -> Optional[Trace]:
        inner = dict(names)
        for generator in node.generators:
            self._loop(generator, inner)
        self._value(node.elt, inner)
        return None

    def _loop(self, loop: Union[ast.For, ast.comprehension], names: Dict[str, Known]) -> None:
        source, target = loop.iter, loop.target
        if isinstance(source, ast.Call) and is_name(source.func, "enumerate") and source.args:
            source = source.args[0]
            target = target.elts[-1] if isinstance(target, ast.Tuple) else target
        pairs = [(target, source)]
        if isinstance(source, ast.Call) and is_name(source.func, "zip") and isinstance(target, ast.Tuple):
            pairs = list(zip(target.elts, source.args))
        for name, held in pairs:
            path = self._path(held, names)
            if isinstance(name, ast.Name) and path:
                names[name.id] = LayerName((*path, 0))
            elif path is None:
                trace = self._value(held, names)
                if trace is not None and trace.element is None and not trace.passed and not trace.shape_of:
                    self.use(trace.parameter).merged = True
                    if isinstance(name, ast.Name):
                        names[name.id] = Trace(trace.parameter, 0)

    # -- expressions

    def _value(self, node: ast.AST, names: Dict[str, Known]) -> Optional[Trace]:
        if isinstance(node, ast.Name):
            known = names.get(node.id)
            return known if isinstance(known, Trace) else None
        if isinstance(node, ast.Call):
            return self._call(node, names)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, names)
        if isinstance(node, ast.Attribute):
            trace = self._value(node.value, names)
            if trace is not None and node.attr == "shape":
                return trace._replace(shape_of=True)
            return None
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return self._comprehension(node, names)
        traces = [self._value(child, names) for child in ast.iter_child_nodes(node)]
        keeps = isinstance(node, (ast.BinOp, ast.UnaryOp, ast.IfExp))
        return next((trace for trace in traces if trace is not None), None) if keeps else None

    def _subscript(self, node: ast.Subscript, names: Dict[str, Known]) -> Optional[Trace]:
        trace = self._value(node.value, names)
        if trace is None:
            return None
        use = self.use(trace.parameter, trace.element)
        index = literal(node.slice)
        if trace.shape_of:
            return self._subscript_of_shape(node, trace, use)
        if isinstance(node.slice, ast.Tuple):
            parts = node.slice.elts
            if not trace.passed and not any(isinstance(literal(part), type(...)) for part in parts):
                new = sum(isinstance(part, ast.Constant) and part.value is None for part in parts)
                use.at_least(len(parts) - new)
            return None
        if trace.element is None and not trace.passed:
            if isinstance(index, str):
                keys = self._keys.setdefault(trace.parameter, [])
                keys += [index] if index not in keys else []
                return Trace(trace.parameter, index)
            if type(index) is int and index >= 0:
                self._members[trace.parameter] = max(self.members_of(trace.parameter), index + 1)
                return Trace(trace.parameter, index)
        return None

    def _subscript_of_shape(self, node: ast.Subscript, trace: Trace, use: Use) -> Optional[Trace]:
        index = literal(node.slice)
        if isinstance(node.slice, ast.Slice) and not trace.passed:
            lower, upper = literal(node.slice.lower), literal(node.slice.upper)
            cut = (lower if type(lower) is int and lower > 0 else 0) + (
                -upper if type(upper) is int and upper < 0 else 0
            )
            if type(upper) is int and upper > 0:
                use.at_least(upper)
                return None
            return trace._replace(hidden=trace.hidden + cut)
        if type(index) is int and not trace.passed:
            use.at_least(index + 1 + trace.hidden if index >= 0 else -index)
        return None

    def _call(self, node: ast.Call, names: Dict[str, Known]) -> Optional[Trace]:
        path = self._path(node.func, names)
        if path and len(path) == 1 and str(path[0]) in self._methods:
            return self._own_method(self._methods[str(path[0])], node, names)
        arguments = [(i, self._value(a, names)) for i, a in enumerate(node.args)]
        named = [(k.arg or "", self._value(k.value, names)) for k in node.keywords]
        given: List[Tuple[Union[int, str], Optional[Trace]]] = [*arguments, *named]
        first = next((trace for _, trace in given if trace is not None), None)
        if path:
            for role, trace in given:
                if trace is not None and not trace.shape_of:
                    self.use(trace.parameter, trace.element).meets.append(Meet(path, trace.passed, role))
            if first is not None and not first.shape_of:
                return first._replace(passed=(*first.passed, path))
            return None
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in SHAPES:
            held = self._value(node.func.value, names) if isinstance(node.func, ast.Attribute) else None
            source = first or held
            return source._replace(shape_of=True) if source is not None else None
        for role, trace in given:
            if trace is not None and not trace.shape_of and not trace.passed:
                given_to_function(node, name, role, self.use(trace.parameter, trace.element))
        return first if name in ELEMENTWISE else None

    def _own_method(
        self, method: ast.FunctionDef, node: ast.Call, names: Dict[str, Known]
    ) -> Optional[Trace]:
        """Go on in a method of the class that is called with tensors."""
        parameters = [a.arg for a in method.args.args][1:]
        inner: Dict[str, Known] = {name: self._value(a, names) for name, a in zip(parameters, node.args)}
        inner.update({k.arg: self._value(k.value, names) for k in node.keywords if k.arg})
        if self._depth >= MAX_METHODS or not any(inner.values()):
            return None
        self._depth += 1
        try:
            return self._follow(method.body, inner)
        finally:
            self._depth -= 1

    # -- which layer an expression means

    def _layer_name(self, node: ast.AST, names: Dict[str, Known]) -> Optional[LayerName]:
        path = self._path(node, names)
        return LayerName(path) if path else None

    def _path(self, node: ast.AST, names: Dict[str, Known]) -> Optional[LayerPath]:
        """`self.a.b[0]` as ("a", "b", 0); an index that is no literal means any, so the first."""
        if isinstance(node, ast.Name):
            known = names.get(node.id)
            return known.path if isinstance(known, LayerName) else () if node.id == "self" else None
        if isinstance(node, ast.Attribute):
            owner = self._path(node.value, names)
            return None if owner is None else (*owner, node.attr)
        if isinstance(node, ast.Subscript):
            owner = self._path(node.value, names)
            index = literal(node.slice)
            if not owner:
                return None
            return (*owner, index if isinstance(index, (str, int)) else 0)
        return None
