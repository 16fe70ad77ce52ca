"""KL219: `training` used in `call` without being a parameter, and arguments that do not fit `call`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.raised import call_at, findings
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import is_read_whole, method, model_classes, tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.rules.evidence import Case
    from keras_lsp.features.rules.tree import Function
    from keras_lsp.session.snapshot import DocumentView

_SAYS = (
    r"Only input tensors may be passed as positional|missing a required argument"
    r"|unexpected keyword argument 'training'|call\(\) takes \d+ positional"
)


def check(view: DocumentView) -> Iterable[Finding]:
    words = "The arguments do not go with the signature of `call`."
    return (*_unbound(view), *findings(view, RULE, _SAYS, words, _as_keyword))


def _unbound(view: DocumentView) -> Iterator[Finding]:
    tree = tree_of(view)
    anywhere = {n.id for n in tree.every(ast.Name) if not isinstance(n.ctx, ast.Load)}
    names = {*anywhere, *dict(view.facts.keras.names)}
    parameters = {n.arg for n in tree.every(ast.arg)}
    if "training" in names or "import *" in view.document.text:
        return
    for model_class, node in model_classes(view):
        call = method(node, "call")
        used = [n for n in tree.below(call) if isinstance(n, ast.Name) and n.id == "training"] if call else []
        if call is None or not used or "training" in {a.arg for a in _all_arguments(call)}:
            continue
        if "training" in parameters and any(tree.function_of(n) is not call for n in used):
            continue
        if tree.function_of(node) is not None or not is_read_whole(view, call):
            continue  # the function around the class may have a parameter of that name
        yield RULE.finding(
            tree.span(used[0]),
            f"`training` is no parameter of `call` of {model_class.name}: this raises NameError.",
            fixes=_as_parameter(view, call),
        )


def _all_arguments(call: Function) -> list[ast.arg]:
    given = call.args
    more = [a for a in (given.vararg, given.kwarg) if a is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *more]


def _as_parameter(view: DocumentView, call: Function) -> list[Fix]:
    """Behind the last parameter; Keras gives it by its name."""
    given = call.args
    if given.vararg or given.kwarg or given.kwonlyargs or not given.args:
        return []
    last = given.defaults[-1] if given.defaults else given.args[-1]
    end = tree_of(view).span(last).end
    edit = TextEdit(Span(end, end), ", training=None")
    return [Fix("Add the parameter `training=None`", (edit,), preferred=True)]


def _as_keyword(view: DocumentView, case: Case) -> list[Fix]:
    """`net(x, True)` as `net(x, training=True)`."""
    call = call_at(view, case.span)
    last = call.args[-1] if call is not None and len(call.args) == 2 and not call.keywords else None
    layer = view.replay.layer(case.failure.layer) if view.replay else None
    model_class = view.facts.model_class(layer.class_name) if layer is not None else None
    own = model_class.method("call") if model_class is not None else None
    is_flag = isinstance(last, ast.Constant) and isinstance(last.value, bool)
    if own is None or len(own.parameters) < 2 or last is None or not is_flag:
        return []
    start = tree_of(view).span(last).start
    edit = TextEdit(Span(start, start), f"{own.parameters[1]}=")
    return [Fix(f"Give it as `{own.parameters[1]}=`", (edit,), preferred=True)]


_NET = (
    "class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dropout(0.5)\n\n"
    "    def call(self, x):\n        return self.a(x, training=training)\n"
)
RULE = Rule(
    code="KL219",
    slug="call-arguments",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "Tensors are given to a layer in their order, all else by name. What has no default has to be given; "
        "`training` is set by Keras where `call` has a parameter of that name, best `training=None`."
    ),
    bad=_NET,
    good=_NET.replace("(self, x)", "(self, x, training=None)"),
    fix="Adds the parameter, or gives a second argument True or False by its name.",
    check=check,
)
