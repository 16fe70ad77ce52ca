"""KL108 to KL110, KL306 to KL312 and KL501: how layers, models and weights are used, told by what raises."""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.keras_name import api_of
from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.raised import call_at, node_at, raised_rule
from keras_lsp.features.rules.tree import canonical, tree_of
from keras_lsp.knowledge import catalogue
from keras_lsp.source.syntax import spelled
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.rules.evidence import Case
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.worker.report import LayerReport

_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
_CELLS = frozenset({"LSTM", "GRU", "SimpleRNN"})
_RENAMED = {"fit_generator": "fit", "evaluate_generator": "evaluate", "predict_generator": "predict"}
_OF_OBJECTS = {"reset_states": "reset_state", "lr": "learning_rate"}  # of metrics and optimizers
_GONE = (
    r"'(get_output_at|get_input_at|get_output_shape_at|get_input_shape_at|inbound_nodes|outbound_nodes"
    r"|predict_classes|predict_proba|fit_generator|evaluate_generator|predict_generator|_make_predict_function"
    r"|get_value|set_value|batch_get_value|batch_set_value|get_session|set_session|learning_phase"
    rf"|{'|'.join(_OF_OBJECTS)})'"
)


def _attribute_of(view: DocumentView, case: Case) -> tuple[ast.Attribute, str] | None:
    """`layer.output_shape` and the name that it has not."""
    node, found = node_at(view, case.span), _ATTRIBUTE.search(case.failure.message)
    if isinstance(node, ast.Attribute) and found is not None and node.attr == found[2]:
        return node, found[1]
    return None


def _layer_of(view: DocumentView, node: ast.expr) -> LayerReport | None:
    seen = view.current.layers_at(tree_of(view).span(node)) if view.current is not None else ()
    return seen[0] if len(seen) == 1 else None


def _replaced(view: DocumentView, case: Case, new: str, title: str) -> list[Fix]:
    """The attribute at the end of what raised, written anew."""
    pair = _attribute_of(view, case)
    if pair is None:
        return []
    place = Span(case.span.end - len(pair[0].attr), case.span.end)
    return [Fix(title, (TextEdit(place, new),), preferred=True)]


def _shape_of_output(view: DocumentView, case: Case) -> list[Fix]:
    pair = _attribute_of(view, case)
    layer = _layer_of(view, pair[0].value) if pair is not None else None
    models = view.current.report.layers if view.current is not None else ()
    drawn = layer is not None and any(m.kind != "subclass" and layer.id in m.layers for m in models)
    if pair is None or not drawn:
        return []  # `output` is there only for a layer that was called on symbols
    kind = pair[0].attr.removesuffix("_shape")
    return _replaced(view, case, f"{kind}.shape", f"Use `.{kind}.shape`")


def _wrong_access(view: DocumentView, case: Case) -> str:
    node = node_at(view, case.span)
    message = case.failure.message
    if isinstance(node, ast.Subscript):
        if "object is not subscriptable" in message and _layer_of(view, node.value) is not None:
            return "A model is no list: its layers are in `.layers`."
        is_list = isinstance(node.value, ast.Attribute) and node.value.attr in ("layers", "weights")
        return (
            "`.layers` takes numbers; `get_layer` takes a name."
            if is_list and "indices must be" in message
            else ""
        )
    pair = _attribute_of(view, case)
    if pair is not None and pair[1] in ("list", "_List") and isinstance(pair[0].value, ast.Attribute):
        what = pair[0].value.attr
        return f"`.{what}` is a list: take one of it." if what in ("weights", "layers", "variables") else ""
    if pair is not None and _named_below(view, pair[0]):
        return f"`{pair[0].attr}` is the name of a layer, no attribute: `get_layer` finds it."
    return ""


def _named_below(view: DocumentView, node: ast.Attribute) -> bool:
    model = _layer_of(view, node.value)
    names = (
        {x.name for i in model.layers if (x := view.current.layer(i))} if model and view.current else set()
    )
    return node.attr in names


def _right_access(view: DocumentView, case: Case) -> list[Fix]:
    node, tree, text = node_at(view, case.span), tree_of(view), view.document.text
    if isinstance(node, ast.Subscript) and "not subscriptable" in case.failure.message:
        end = tree.span(node.value).end
        return [Fix("Take it of `.layers`", (TextEdit(Span(end, end), ".layers"),), preferred=True)]
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "layers"
    ):
        place = Span(tree.span(node.value.value).end, case.span.end)
        new = f".get_layer({tree.span(node.slice).of(text)})"
        return [Fix(f"Use `{new}`", (TextEdit(place, new),), preferred=True)]
    if isinstance(node, ast.Attribute) and _named_below(view, node):
        new = f'get_layer("{node.attr}")'
        return _replaced(view, case, new, f"Use `{new}`")
    return []


def _assign(view: DocumentView, case: Case) -> list[Fix]:
    return _assigned(view, case.span)


def _assigned(view: DocumentView, span: Span) -> list[Fix]:
    """`dense.kernel = w` as `dense.kernel.assign(w)`."""
    tree, text = tree_of(view), view.document.text
    node = node_at(view, span)
    statement = tree.parents.get(node) if node is not None else None
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return []
    new = f"{span.of(text)}.assign({tree.span(statement.value).of(text)})"
    return [Fix(f"Use `{new}`", (TextEdit(tree.span(statement), new),), preferred=True)]


def _replacing(view: DocumentView) -> Iterator[Finding]:
    """Under tf-keras 2 the attribute takes anything, and the layer then computes with what no one trains."""
    tree, replay = tree_of(view), view.current
    for node in tree.every(ast.Assign):
        target = node.targets[0] if len(node.targets) == 1 else None
        if replay is None or not isinstance(target, ast.Attribute) or target.attr not in ("kernel", "bias"):
            continue
        values = locate.own_values(replay, tree.span(target.value))
        layers = [replay.layer(v.layer) for v in values if v.kind == "layer" and v.weights]
        if layers and len(layers) == len(values) and not any(x is None or x.is_user_class for x in layers):
            span = tree.span(target)
            words = "This puts something else in the place of the weight, which is trained and saved no more."
            yield STORE.finding(span, words, fixes=_assigned(view, span), severity=Severity.WARNING)


def _check_stores(view: DocumentView) -> Iterable[Finding]:
    return _replacing(view) if view.keras_line == 2 else _REFUSED.check(view)


def _other_weight_name(view: DocumentView, case: Case) -> str:
    pair = _attribute_of(view, case)
    if pair is None:
        return ""
    name = pair[0].attr
    if pair[1] in _CELLS and name in ("kernel", "bias", "recurrent_kernel", "units"):
        return f"The weights of a recurrent layer are in its cell: `.cell.{name}`."
    if pair[1].startswith("Depthwise") and name in ("kernel", "depthwise_kernel"):
        return "Keras 3 calls it `kernel`, tf-keras 2 `depthwise_kernel`."
    if pair[1].startswith("Separable") and name == "kernel":
        return "It has two: `depthwise_kernel` and `pointwise_kernel`."
    return "An Embedding calls its weight `embeddings`." if (pair[1], name) == ("Embedding", "kernel") else ""


def _right_weight_name(view: DocumentView, case: Case) -> list[Fix]:
    pair = _attribute_of(view, case)
    if pair is None:
        return []
    name = pair[0].attr
    if pair[1] in _CELLS:
        new = f"cell.{name}"
    elif pair[1].startswith("Depthwise"):
        new = "kernel" if name == "depthwise_kernel" else "depthwise_kernel"
    else:
        new = "embeddings"
    return [] if pair[1].startswith("Separable") else _replaced(view, case, new, f"Use `.{new}`")


def _gone(_view: DocumentView, case: Case) -> str:
    name = re.search(_GONE, case.failure.message)
    return f"`{name[1]}` is not in this Keras any more." if name is not None else ""


def _renamed(view: DocumentView, case: Case) -> list[Fix]:
    pair = _attribute_of(view, case)
    if pair is not None and pair[0].attr in ("get_output_at", "get_input_at"):
        call = tree_of(view).parents.get(pair[0])
        zero = isinstance(call, ast.Call) and [spelled(a) for a in call.args] == ["0"]
        new = pair[0].attr[4:-3]
        if zero and isinstance(call, ast.Call):
            place = Span(case.span.end - len(pair[0].attr), tree_of(view).span(call).end)
            return [Fix(f"Use `.{new}`", (TextEdit(place, new),), preferred=True)]
    new = _RENAMED.get(pair[0].attr, "") if pair is not None else ""
    if pair is not None and (name := _OF_OBJECTS.get(pair[0].attr, "")) in _members(view, pair[1]):
        new = name
    return _replaced(view, case, new, f"Use `{new}`") if new else []


def _members(view: DocumentView, class_name: str) -> Iterable[str]:
    """What a metric or an optimizer of that class has."""
    api = api_of(view)
    for module in ("metrics", "optimizers"):
        entry = api.entry(f"keras.{module}.{class_name}")
        if entry is not None:
            return api.members_of(entry)
    return ()


def _wrong_argument(view: DocumentView, case: Case) -> str:
    message = case.failure.message
    if "to a shape" in message:
        return "A shape is a tuple."
    if "invalid value for `units`" in message:
        return "A number of units is a whole number." if _class_given(view, case) else ""
    if "identifier" in message or "Unknown" in message:
        return "Keras has nothing of that name."
    close = _closest_argument(view, case)
    hint = f" Did you mean `{close[1]}`?" if close is not None else ""
    return f"There is no such argument.{hint}"


def _class_given(view: DocumentView, case: Case) -> bool:
    """Whether the call that raised is the constructor itself."""
    call = call_at(view, case.span)
    return call is not None and canonical(view, call.func).startswith("keras.layers.")


def _closest_argument(view: DocumentView, case: Case) -> tuple[ast.keyword, str] | None:
    call = call_at(view, case.span)
    for keyword in call.keywords if call is not None else ():
        if keyword.arg is None or f"'{keyword.arg}'" not in case.failure.message or call is None:
            continue
        name = canonical(view, call.func)
        if keyword.arg == "lr" and name.startswith("keras.optimizers."):
            return keyword, "learning_rate"
        info = catalogue.layer(name)
        known = [p.name for p in info.parameters if not p.name.startswith("*")] if info is not None else []
        close = difflib.get_close_matches(keyword.arg, known, n=1, cutoff=0.7)
        if close and close[0] not in {k.arg for k in call.keywords}:
            return keyword, close[0]
    return None


def _right_argument(view: DocumentView, case: Case) -> list[Fix]:
    tree, text = tree_of(view), view.document.text
    close = _closest_argument(view, case)
    if close is not None:
        start = tree.positions.start(close[0])
        edit = TextEdit(Span(start, start + len(close[0].arg or "")), close[1])
        return [Fix(f"Use `{close[1]}`", (edit,), preferred=True)]
    call = call_at(view, case.span)
    given = call.args[0] if call is not None and call.args else None
    if (
        "to a shape" in case.failure.message
        and isinstance(given, ast.Constant)
        and isinstance(given.value, int)
    ):
        new = f"({tree.span(given).of(text)},)"
        return [Fix(f"Write {new}", (TextEdit(tree.span(given), new),), preferred=True)]
    if isinstance(given, ast.BinOp) and isinstance(given.op, ast.Div) and "`units`" in case.failure.message:
        new = f"{tree.span(given.left).of(text)} // {tree.span(given.right).of(text)}"
        return [Fix("Divide without a remainder", (TextEdit(tree.span(given), new),), preferred=True)]
    return []


_SEQ = "m = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3, name='head')])\n"
_FUN = "i = tf.keras.Input((5,))\nm = tf.keras.Model(i, tf.keras.layers.Dense(3)(i))\n"
_LSTM = "lstm = tf.keras.layers.LSTM(3)\nlstm(tf.keras.Input((4, 5)))\n"

OUTPUT = raised_rule(
    "KL108",
    "no-output-yet",
    r"has never been called and thus has no defined|has no inbound nodes|has no defined (?:inputs?|outputs?)"
    r"|object has no attribute '(?:inputs?|outputs?)'",
    lambda view, case: (
        "It has no inputs and outputs before it is called on a symbolic input, `keras.Input(...)`."
        if isinstance(node_at(view, case.span), ast.Attribute)
        else ""
    ),
    why=(
        "`input` and `output` are the symbols of a functional graph. A layer has them once it was called on "
        "such a symbol; a subclassed model never draws a graph of its own."
    ),
    bad="dense = tf.keras.layers.Dense(3)\ndense.output\n",
    good="dense = tf.keras.layers.Dense(3)\ndense(tf.keras.Input((5,)))\ndense.output\n",
    no_fix="What it is to be called on, the text does not say.",
)
SHAPE = raised_rule(
    "KL109",
    "output-shape-removed",
    r"no attribute '(?:output|input)_shape'|no defined (?:output|input) shape",
    "Layers of Keras 3 have no such attribute: take the shape of `.output`, or `compute_output_shape`.",
    why="`layer.output_shape` and `layer.input_shape` were taken out of Keras 3; models still have them.",
    bad=f"{_FUN}m.layers[1].output_shape\n",
    good=f"{_FUN}m.layers[1].output.shape\n",
    fix="Takes the shape of `.output`, where the layer was called on symbols.",
    fixes=_shape_of_output,
    keras_lines=(2, 3),
)
GET_LAYER = raised_rule(
    "KL110",
    "get-layer-of-nothing",
    r"Provide either a layer name or layer index",
    "`get_layer` wants the name of a layer, or `index=`.",
    why="`get_layer()` finds one layer, by its name or by its place.",
    bad=f"{_SEQ}m.get_layer()\n",
    good=f"{_SEQ}m.get_layer('head')\n",
    no_fix="Which layer is meant, the call does not say.",
)
ACCESS = raised_rule(
    "KL306",
    "layer-access",
    r"list indices must be|object is not subscriptable|object has no attribute",
    _wrong_access,
    why=(
        "`model.layers` is a list, taken by numbers; `get_layer` takes names. A Sequential or functional "
        "model has no attributes for its layers, and none is a list itself."
    ),
    bad=f"{_SEQ}m.layers['head']\n",
    good=f"{_SEQ}m.get_layer('head')\n",
    fix="Uses `get_layer`, or `.layers`.",
    fixes=_right_access,
)
SET_WEIGHTS = raised_rule(
    "KL307",
    "set-weights-mismatch",
    r"with a weight list of length \d+, but the layer was expecting [1-9]"
    r"|not compatible with provided weight shape",
    "`set_weights` takes an array for each weight, in the order and shapes of `get_weights()`.",
    why="The arrays for `set_weights` have to be as many as the weights and of their shapes.",
    bad=f"{_SEQ}m.layers[0].set_weights([tf.zeros((3, 5)), tf.zeros(3)])\n",
    good=f"{_SEQ}m.layers[0].set_weights([tf.zeros((5, 3)), tf.zeros(3)])\n",
    no_fix="Which arrays were meant, the text does not say.",
)
_REFUSED = raised_rule(
    "KL308",
    "weight-assigned",
    r"property '(?:kernel|bias|embeddings|gamma|beta)' of .* object has no setter",
    "A weight stays the same variable: give it other values with `assign`.",
    why="Keras 3 gives `kernel` as a property that nothing can be put into. tf-keras 2 lets one replace it.",
    bad=f"{_SEQ}m.layers[0].kernel = tf.zeros((5, 3))\n",
    good=f"{_SEQ}m.layers[0].kernel.assign(tf.zeros((5, 3)))\n",
    fix="Uses `assign`.",
    fixes=_assign,
)
STORE = replace(_REFUSED, check=_check_stores)
WEIGHT_NAME = raised_rule(
    "KL309",
    "weight-has-other-name",
    r"object has no attribute",
    _other_weight_name,
    why="Which attributes hold the weights depends on the class, and for some on the version of Keras.",
    bad=f"{_LSTM}lstm.kernel\n",
    good=f"{_LSTM}lstm.cell.kernel\n",
    fix="Uses the name that this class has.",
    fixes=_right_weight_name,
)
GONE = raised_rule(
    "KL311",
    "removed-from-keras",
    f"has no attribute {_GONE}",
    _gone,
    why=(
        "Keras 3 has dropped old names: nodes by their number, `fit_generator`, values through `backend`, "
        "`reset_states` of metrics, `lr` of optimizers."
    ),
    bad=f"{_FUN}m.layers[1].get_output_at(0)\n",
    good=f"{_FUN}m.layers[1].output\n",
    fix="Uses what took its place, where that is one name.",
    fixes=_renamed,
)
NAMES = raised_rule(
    "KL312",
    "layer-name-taken",
    r"should have unique names|is used \d+ times in the model|cannot contain character"
    r"|not a valid root scope name",
    "Each layer of a model needs a name of its own, without `/`.",
    why="Names tell layers apart in a model and in its files. Keras makes unique ones where none is given.",
    bad="tf.keras.Sequential([tf.keras.layers.Dense(3, name='a'), tf.keras.layers.Dense(3, name='a')])\n",
    good="tf.keras.Sequential([tf.keras.layers.Dense(3, name='a'), tf.keras.layers.Dense(3, name='b')])\n",
    no_fix="Which layer keeps the name is up to those who ask for it, files of weights among them.",
)
ARGUMENT = raised_rule(
    "KL501",
    "wrong-argument",
    r"Unrecognized keyword arguments|Argument\(s\) not recognized|Keyword argument not understood"
    r"|Cannot convert '.*' to a shape|invalid value for `units`|Could not interpret (?!optimizer)\w+"
    r"|Unknown (?:activation|initializer|regularizer|loss|layer)",
    _wrong_argument,
    why=(
        "Keras 3 takes no arguments it does not know: misspelled ones, and old ones such as `lr` or "
        "`batch_input_shape`. Shapes are tuples, sizes whole numbers."
    ),
    bad="tf.keras.layers.Dense(3, activaton='relu')\n",
    good="tf.keras.layers.Dense(3, activation='relu')\n",
    fix="Uses the closest argument there is, a tuple for a number, or a whole division.",
    fixes=_right_argument,
)
RULES = (
    OUTPUT,
    SHAPE,
    GET_LAYER,
    WEIGHT_NAME,
    GONE,
    ACCESS,
    SET_WEIGHTS,
    STORE,
    NAMES,
    ARGUMENT,
)
