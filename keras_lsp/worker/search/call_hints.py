"""What the text of a class says about the inputs of its `call`: how many, how put together, what of each."""

from __future__ import annotations

import ast
from typing import Dict, List, Optional

from .class_text import class_text
from .shape_docs import Documented, documented_inputs
from .tensor_flow import Flow
from .tensor_uses import Element, Use, is_name

# Arguments of `call` that say how to call and not on what, and masks, which may be missing: their values.
SWITCHES: Dict[str, Optional[bool]] = {
    "training": False,
    "return_attention_scores": False,
    "return_attns": False,
    "mask": None,
    "attention_mask": None,
    "padding_mask": None,
}


class Leaf:
    """One tensor that goes into `call`, as the text uses it. Ranks count the batch axis."""

    def __init__(self, name: str) -> None:
        self.name = name  # the parameter, the key, or the name it is unpacked to
        self.use = Use()
        self.documented: Optional[Documented] = None


class Parameter:
    """A parameter of `call` that must be given: one tensor, or a dict or list of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind = "plain"  # plain | dict | list
        self.by_name = False  # to be given by its name, since one before it is left to Keras
        self.leaves: List[Leaf] = [Leaf(name)]
        self.keys: List[str] = []


class CallHints:
    """The parameters of a class's `call` that must be given, and `tree`, the module that has the class."""

    def __init__(
        self, parameters: List[Parameter], tree: ast.AST, made: Optional[Dict[str, str]] = None
    ) -> None:
        self.parameters = parameters
        self.tree = tree
        self.made = made or {}  # attribute -> name of the class that the text makes for it
        self.switches: Dict[str, Optional[bool]] = {}  # those that must be given, as keywords


def call_hints(tree: ast.AST, class_name: str) -> CallHints:
    """Hints of `class_name.call` in a module; those of a plain `call(self, inputs)` where there is none."""
    text = class_text(tree, class_name)
    call = text.methods.get("call") if text is not None else None
    if text is None or call is None:
        return CallHints([Parameter("inputs")], tree)
    arguments = [*call.args.posonlyargs, *call.args.args][1:]
    without_default = arguments[: len(arguments) - len(call.args.defaults)] or arguments[:1]
    parameters = [Parameter(argument.arg) for argument in without_default if argument.arg not in SWITCHES]
    names = [argument.arg for argument in without_default]
    for parameter in parameters:
        parameter.by_name = names.index(parameter.name) != parameters.index(parameter)
    flow = Flow(call, text.methods)
    documented = documented_inputs(text.node, call, [parameter.name for parameter in parameters])
    for parameter in parameters:
        _shape_parameter(parameter, flow, documented.get(parameter.name, []))
    if parameters and parameters[0].kind == "plain":
        _read_build(parameters[0], text.methods.get("build"))
    hints = CallHints(parameters, tree, text.made)
    hints.switches = {name: SWITCHES[name] for name in names if name in SWITCHES}
    return hints


def _shape_parameter(parameter: Parameter, flow: Flow, documented: List[Documented]) -> None:
    """Whether it is one tensor, a dict or a list, and what the text says of each tensor in it."""
    name = parameter.name
    keys = flow.keys_of(name)
    count = max(flow.members_of(name), len(documented) if len(documented) > 1 else 0)
    if keys:
        parameter.kind, parameter.keys = "dict", keys
        parameter.leaves = [Leaf(key) for key in keys]
    elif count > 1 or (documented and documented[0].in_list) or flow.use(name).merged:
        count = max(count, 2 if flow.use(name).merged else 1)
        parameter.kind = "list"
        names = flow.member_names(name)
        parameter.leaves = [Leaf(names.get(index, name)) for index in range(max(count, 1))]
    for index, leaf in enumerate(parameter.leaves):
        element: Element = None
        if parameter.kind != "plain":
            element = leaf.name if parameter.kind == "dict" else index
        leaf.use = flow.use(name, element)
        if documented:
            leaf.documented = documented[min(index, len(documented) - 1)]


def _read_build(parameter: Parameter, build: Optional[ast.FunctionDef]) -> None:
    """A `build(self, input_shape)` that unpacks or indexes the shape tells its rank; `[0][-1]` a list."""
    if build is None or len(build.args.args) < 2:
        return
    shape = build.args.args[1].arg
    use = parameter.leaves[0].use
    nested = within = 0
    for node in ast.walk(build):
        if isinstance(node, ast.Assign) and is_name(node.value, shape):
            target = node.targets[0]
            if isinstance(target, (ast.Tuple, ast.List)):
                use.unpacked(target)
        elif isinstance(node, ast.Subscript):
            index = constant_index(node.slice)
            if is_name(node.value, shape) and index is not None:
                use.at_least(index + 1 if index >= 0 else -index)
            elif isinstance(node.value, ast.Subscript) and is_name(node.value.value, shape):
                inner = constant_index(node.value.slice)
                nested = max(nested, 2 if inner is None else inner + 1)
                within = max(within, 0 if index is None else index + 1)
        elif _demands_list(node, shape):
            nested = max(nested, 2)
    if nested:
        use.least_rank = within  # the other indices were those of the list
        parameter.kind = "list"
        parameter.leaves = [parameter.leaves[0]] * max(nested, 2, len(parameter.leaves))


def _demands_list(node: ast.AST, name: str) -> bool:
    """`if not isinstance(input_shape, list) ...: raise`."""
    if not isinstance(node, ast.If) or not any(isinstance(inner, ast.Raise) for inner in node.body):
        return False
    for test in ast.walk(node.test):
        if (
            isinstance(test, ast.UnaryOp)
            and isinstance(test.op, ast.Not)
            and isinstance(test.operand, ast.Call)
        ):
            call = test.operand
            if is_name(call.func, "isinstance") and len(call.args) == 2 and is_name(call.args[0], name):
                return any(is_name(kind, "list") for kind in ast.walk(call.args[1]))
    return False


def constant_index(node: ast.AST) -> Optional[int]:
    """The integer in `x[2]` or `x[-1]`."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value if type(value) is int else None
