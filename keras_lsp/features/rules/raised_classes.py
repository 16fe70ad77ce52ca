"""KL201 to KL225: what is wrong in the class of a model, told when it is made or called."""

from __future__ import annotations

import ast
import difflib
import re
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rules.raised import call_at, node_at, raised_rule
from keras_lsp.features.rules.tree import canonical, method, model_classes, self_attribute, tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.features.rules.evidence import Case
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import ModelClass

_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
_CALLED_OTHERWISE = ("forward", "Call", "cal", "calls", "_call", "__cal__")


def _class_of(view: DocumentView, case: Case) -> tuple[ModelClass, ast.ClassDef] | None:
    """The class of the object that raised, where it is one of this text."""
    layer = view.replay.layer(case.failure.layer) if view.replay else None
    found = (pair for pair in model_classes(view) if layer is not None and pair[0].name == layer.class_name)
    return next(found, None)


def _call_super(view: DocumentView, case: Case) -> list[Fix]:
    pair = _class_of(view, case)
    init = method(pair[1], "__init__") if pair is not None else None
    if init is None:
        return []
    tree, text = tree_of(view), view.document.text
    has_doc = isinstance(init.body[0], ast.Expr) and isinstance(init.body[0].value, ast.Constant)
    first = init.body[1] if has_doc and len(init.body) > 1 else init.body[0]
    begin = tree.positions.start(first)
    line = tree.positions.line_start(first.lineno)
    indent = text[line:begin]
    if indent.strip() or (has_doc and len(init.body) == 1):
        return []
    edit = TextEdit(Span(line, line), f"{indent}super().__init__()\n")
    return [Fix("Call `super().__init__()` first", (edit,), preferred=True)]


def _rename_call(view: DocumentView, case: Case) -> list[Fix]:
    pair = _class_of(view, case)
    for name in _CALLED_OTHERWISE if pair is not None else ():
        other = method(pair[1], name) if pair is not None else None
        if other is not None:
            span = tree_of(view).positions.name_span(other)
            return [Fix(f"Rename `{name}` to `call`", (TextEdit(span, "call"),), preferred=True)]
    return []


def _unknown_attribute(view: DocumentView, case: Case) -> str:
    node, found = node_at(view, case.span), _ATTRIBUTE.search(case.failure.message)
    if found is None or self_attribute(node) != found[2] or not isinstance(node, ast.Attribute):  # type: ignore[arg-type]
        return ""
    if view.facts.model_class(found[1]) is None:
        return ""
    close = _closest(view, found[1], found[2])
    return f"{found[1]} never sets `self.{found[2]}`." + (f" Did you mean `self.{close}`?" if close else "")


def _closest(view: DocumentView, class_name: str, name: str) -> str:
    model_class = view.facts.model_class(class_name)
    known = (
        {slot.attribute for slot in (*model_class.slots, *model_class.inherited)} if model_class else set()
    )
    known |= {m.name for m in model_class.methods} if model_class else set()
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)), "")


def _closest_attribute(view: DocumentView, case: Case) -> list[Fix]:
    found = _ATTRIBUTE.search(case.failure.message)
    close = _closest(view, found[1], found[2]) if found is not None else ""
    if not close or found is None:
        return []
    place = Span(case.span.end - len(found[2]), case.span.end)
    return [Fix(f"Use `self.{close}`", (TextEdit(place, close),), preferred=True)]


def _not_instantiated(view: DocumentView, case: Case) -> str:
    """`self.d = Dense`, called as if it were a layer."""
    call = call_at(view, case.span)
    name = self_attribute(call.func) if call is not None else None
    for node in tree_of(view).every(ast.Assign) if name is not None else ():
        if len(node.targets) == 1 and self_attribute(node.targets[0]) == name:
            value = canonical(view, node.value)
            if value.startswith("keras.layers."):
                short = value.rpartition(".")[2]
                return f"`self.{name}` is the class {short}, not a layer: make one, `{short}(...)`."
    return ""


_HEAD = "class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
_A = "        self.a = tf.keras.layers.Dense(3)\n\n"
_CALL = "    def call(self, x):\n        return self.a(x)\n\n\n"
_RUN = "Net()(tf.zeros((2, 5)))\n"
_GOOD = f"{_HEAD}{_A}{_CALL}{_RUN}"

SUPER = raised_rule(
    "KL201",
    "super-init-missing",
    r"forgot to call `?super\(\)|You must call `?super\(\)",
    "The `__init__` of this class has to begin with `super().__init__()`.",
    why=(
        "Keras sets up what tracks layers and weights in its own `__init__`. Without it nothing can be kept: "
        "tf-keras 2 raises at the first layer, Keras 3 at the first call."
    ),
    bad=_GOOD.replace("        super().__init__()\n", ""),
    good=_GOOD,
    fix="Inserts the call as the first statement.",
    fixes=_call_super,
)
NO_CALL = raised_rule(
    "KL206",
    "call-missing",
    r"does not have a `call\(\)` method|Unimplemented `tf.keras.Model.call|should implement a `call",
    "This class has no `call`: that is the method which computes the output.",
    why="Keras runs the method `call`. It does not know `forward`, and a `call` that is spelled otherwise.",
    bad=_GOOD.replace("def call", "def forward"),
    good=_GOOD,
    fix="Renames `forward`, or what is nearly `call`.",
    fixes=_rename_call,
)
NAME = raised_rule(
    "KL211",
    "unknown-attribute",
    r"object has no attribute",
    _unknown_attribute,
    why="An attribute that is read in `call` and set nowhere is found out at the first call only.",
    bad=_GOOD.replace("self.a(x)", "self.aa(x)"),
    good=_GOOD,
    fix="Writes the closest attribute that the class has.",
    fixes=_closest_attribute,
)
CLASS = raised_rule(
    "KL212",
    "class-not-layer",
    r"",
    _not_instantiated,
    why="`Dense` is a class. Called on a tensor it takes that for its first argument, the number of units.",
    bad=_GOOD.replace("Dense(3)", "Dense"),
    good=_GOOD,
    no_fix="The arguments that the class is to be made with are nowhere in the text.",
)
BUILD = raised_rule(
    "KL222",
    "build-signature",
    r"For a `build\(\)` method with more than one argument|\.build\(\) missing \d+ required",
    "`build` gets the shape of each argument of `call`, in parameters named after them with `_shape`.",
    why=(
        "Keras calls `build(input_shape)`. With several inputs Keras 3 wants `build(self, a_shape, b_shape)` "
        "for `call(self, a, b)`."
    ),
    bad="class Net(tf.keras.layers.Layer):\n    def build(self, one, two):\n        pass\n\n"
    "    def call(self, x):\n        return x\n\n\nNet()(tf.zeros((2, 5)))\n",
    good="class Net(tf.keras.layers.Layer):\n    def build(self, input_shape):\n        pass\n\n"
    "    def call(self, x):\n        return x\n\n\nNet()(tf.zeros((2, 5)))\n",
    no_fix="The body of `build` uses the parameters it has: with others it has to be written anew.",
)
VALUES = raised_rule(
    "KL224",
    "values-in-call",
    r"Cannot convert a symbolic|has no attribute 'numpy'|symbolic `tf.Tensor` as a Python `bool`",
    "In `call` there are symbols when a model is built or trained: they have no values for NumPy or `if`.",
    why=(
        "`fit` and functional models run `call` once on symbols. NumPy functions, `.numpy()` and `if` want "
        " values; `keras.ops` and `tf` functions work on both."
    ),
    bad=_GOOD.replace("self.a(x)", "self.a(x.numpy())").replace("tf.zeros((2, 5))", "tf.keras.Input((5,))"),
    good=_GOOD.replace("tf.zeros((2, 5))", "tf.keras.Input((5,))"),
    no_fix="What does the same on symbols depends on what the values are wanted for.",
)
CONFIG = raised_rule(
    "KL225",
    "config-missing",
    r"non-serializable argument values|Unable to revive model from config",
    "To be copied or saved this class needs `get_config`, which gives back the arguments of `__init__`.",
    why=(
        "`save`, `clone_model` and `load_model` write the arguments of the constructor and call it again. "
        "Keras knows numbers, texts and its own objects; for anything else, the class has to say how."
    ),
    bad="class Scale(tf.keras.layers.Layer):\n    def __init__(self, f):\n        super().__init__()\n\n\n"
    "Scale(lambda: 1).get_config()\n",
    good="class Scale(tf.keras.layers.Layer):\n    def __init__(self, f=1):\n        super().__init__()\n\n\n"
    "Scale().get_config()\n",
    no_fix="Only the author knows how the argument is to be written, and made again of what was written.",
)
RULES = (SUPER, NO_CALL, CLASS, NAME, BUILD, VALUES, CONFIG)
