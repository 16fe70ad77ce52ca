"""What a function's parameters can be, from their defaults, annotations and uses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from keras_lsp.source.annotations import choices_of
from keras_lsp.source.held import NOTHING, OPEN, Entry, Held
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.literals import literal
from keras_lsp.source.module_index import Function, blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keras_lsp.source.calls import Calls

_PLAIN_TYPES = frozenset(
    {"int", "float", "str", "bool", "bytes", "tuple", "list", "dict", "None"}
    | {"Optional", "Union", "Sequence", "List", "Tuple"}
)
_WRAPPED = frozenset({"layer", "layers", "cell", "cells", "backward_layer", "inputs", "outputs"})


def all_arguments(function: Function) -> list[ast.arg]:
    """Positional and keyword parameters, in order, without `*args` and `**kwargs`."""
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def parameter_names(function: Function) -> list[str]:
    """Of all parameters, with those of `*args` and `**kwargs` at the end."""
    extra = [argument.arg for argument in (function.args.vararg, function.args.kwarg) if argument is not None]
    return [*(argument.arg for argument in all_arguments(function)), *extra]


def is_static(function: Function) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.decorator_list)


def self_name(function: Function) -> str | None:
    """What a method calls its object; None for a static method."""
    positional = [*function.args.posonlyargs, *function.args.args]
    return positional[0].arg if positional and not is_static(function) else None


def fixture_name(function: Function) -> str | None:
    """The name under which pytest hands on what a function returns or yields; None for any other function."""
    for decorator in function.decorator_list:
        called = decorator if isinstance(decorator, ast.Call) else None
        dotted = dotted_name(called.func if called is not None else decorator) or ""
        if dotted.rpartition(".")[2] == "fixture":
            given = next((k.value for k in called.keywords if k.arg == "name"), None) if called else None
            spelled = literal(given)[0] if given is not None else None
            return spelled if isinstance(spelled, str) else function.name
    return None


def takes_fixtures(function: Function) -> bool:
    """Whether pytest gives a function its arguments, by their names."""
    return function.name.startswith("test") or fixture_name(function) is not None


def returned_name(function: Function) -> str:
    """The one name that a function returns, wherever it does; "" where there is none."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function):
            continue
        if isinstance(node, ast.Return):
            found.add(node.value.id if isinstance(node.value, ast.Name) else "")
        waiting += blocks_of(node)
    return found.pop() if len(found) == 1 else ""


def kept_by_setter(function: Function) -> str | None:
    """The `_x` of a property setter that does `self._x = value`."""
    if not any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in function.decorator_list):
        return None
    names = [argument.arg for argument in all_arguments(function)]
    for statement in function.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name):
            target = statement.targets[0]
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and [target.value.id, statement.value.id] == names
            ):
                return target.attr
    return None


def defaults(function: Function) -> Iterator[tuple[str, ast.expr]]:
    """Parameter names with the expressions of their defaults."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, value in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        yield argument.arg, value
    for argument, keyword_value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_value is not None:
            yield argument.arg, keyword_value


def layerless_parameters(function: Function, calls: Calls) -> dict[str, Held]:
    """Each parameter: NOTHING when it surely is no layer, else OPEN."""
    names = [argument.arg for argument in all_arguments(function)]
    if function.args.vararg:
        names.append(function.args.vararg.arg)
    plain = {name for name, default in defaults(function) if _plain_default(default)}
    plain |= {a.arg for a in all_arguments(function) if a.annotation and _plain_annotation(a.annotation)}
    if any(name not in plain for name in _kept_names(function)):
        plain |= set(_used_as_numbers(function, calls))
    found = {name: NOTHING if name in plain else OPEN for name in names}
    for name, default in defaults(function):
        maker = calls.maker(default) if isinstance(default, (ast.Name, ast.Attribute)) else None
        if maker is not None:
            found[name] = Held(open=True, classes=(maker,))
    for argument in all_arguments(function):
        if argument.annotation is not None and found[argument.arg] is OPEN:
            found[argument.arg] = _annotated(argument.annotation, calls) or OPEN
    return found


def _annotated(node: ast.expr, calls: Calls) -> Held | None:
    """A layer or model whose class the caller chooses: `layer: keras.layers.Layer | None`."""
    choices = choices_of(node)
    optional = choices != [node]
    if len(choices) != 1:
        return None
    node = choices[0]
    maker = calls.maker(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
    if maker is None or maker.is_input or not maker.callee.rpartition(".")[2][:1].isupper():
        return None
    return Held((Entry("", None, calls.span(node), optional),))


def _kept_names(function: Function) -> Iterator[str]:
    """Names that a function assigns as they are: `self.units = units`."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            yield node.value.id
        waiting += blocks_of(node)


def keeps_calls(function: Function) -> bool:
    """Whether a method gives an attribute something that a call may have made."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and not isinstance(
            node.value, (ast.Constant, ast.JoinedStr)
        ):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, (ast.Attribute, ast.Tuple)) for target in targets):
                return True
        waiting += blocks_of(node)
    return False


def bound_arguments(call: ast.Call, parameters: Sequence[str]) -> Iterator[tuple[str, ast.expr]]:
    """The parameters that a call certainly gives something to."""
    for name, value in zip(parameters, call.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        yield name, value
    yield from ((k.arg, k.value) for k in call.keywords if k.arg in parameters and k.arg is not None)


def kept_parameters(function: Function) -> dict[str, str]:
    """Attributes that a constructor always gives what it is given: `self.inner = inner`, `list(layers)`."""
    own, found = self_name(function), dict[str, str]()
    names = {argument.arg for argument in all_arguments(function)[1:]}
    for statement in function.body:
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and len(value.args) == 1:
            value = value.args[0] if value.func.id in {"list", "tuple"} else None
        name = value.id if isinstance(value, ast.Name) else ""
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            if _is_of(target, own) and name in names:
                found[target.attr] = name
            elif isinstance(target, ast.Name):
                names.discard(target.id)
    return found


def kept_results(function: Function) -> dict[str, str]:
    """Attributes that are given what a method of the same object returns: `self.model = self.build()`."""
    own, found = self_name(function), dict[str, str]()
    for node in ast.walk(function) if own else ():
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if not isinstance(value, ast.Call) or not _is_of(value.func, own):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
        found |= {t.attr: value.func.attr for t in targets if isinstance(t, ast.Attribute) and _is_of(t, own)}
    return found


def _is_of(node: ast.expr, own: str | None) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == own


def may_assign(function: Function) -> bool:
    """Whether any statement of a function can change what an object holds."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Assign):
            if any(not isinstance(target, ast.Name) for target in node.targets):
                return True
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            if not isinstance(node.target, ast.Name):
                return True
        elif isinstance(node, (ast.Delete, ast.Expr)) and not isinstance(
            getattr(node, "value", None), ast.Constant
        ):
            return True
        waiting += blocks_of(node)
    return False


def _plain_default(node: ast.expr) -> bool:
    value, known = literal(node)
    if known:
        return value is not None
    return isinstance(node, (ast.List, ast.Dict)) and not any(isinstance(n, ast.Call) for n in ast.walk(node))


def _plain_annotation(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value in _PLAIN_TYPES
    names = [
        n.id if isinstance(n, ast.Name) else n.attr
        for n in ast.walk(node)
        if isinstance(n, (ast.Name, ast.Attribute))
    ]
    return bool(names) and all(name in _PLAIN_TYPES or name == "typing" for name in names)


def _used_as_numbers(function: Function, calls: Calls) -> Iterator[str]:
    """Names in arithmetic, comparisons, `range(...)`, or as a plain argument of one of Keras's layers."""
    for node in ast.walk(function):
        if isinstance(node, ast.BinOp):
            yield from _names(node.left, node.right)
        elif isinstance(node, ast.Compare) and not isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            yield from _names(node.left, *node.comparators)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in {"range", "int", "float", "str"}:
                yield from _names(*node.args)
            else:
                yield from _names(*_plain_arguments(node, calls))


def _plain_arguments(node: ast.Call, calls: Calls) -> Iterator[ast.expr]:
    maker = calls.maker(node.func)
    if maker is None or not maker.callee.startswith("keras.layers."):
        return
    for parameter, value in zip(maker.parameters, node.args, strict=False):
        if parameter not in _WRAPPED:
            yield value
    for keyword in node.keywords:
        if keyword.arg is not None and keyword.arg not in _WRAPPED:
            yield keyword.value


def _names(*nodes: ast.expr) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
