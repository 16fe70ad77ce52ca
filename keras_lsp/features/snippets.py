"""Classes and methods that model code is made of, to be filled in: a model, a layer, `build`, `train_step`.

The shape of each is Keras's own: https://keras.io/guides/making_new_layers_and_models_via_subclassing/ and
https://keras.io/guides/custom_train_step_in_tensorflow/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from keras_lsp.features.auto_import import import_of_keras
from keras_lsp.features.denote import enclosing_class
from keras_lsp.features.results import Completion, CompletionKind
from keras_lsp.features.rewrites.config_method import kept_parameters
from keras_lsp.features.rewrites.methods import class_node
from keras_lsp.features.rules.tree import method
from keras_lsp.source.facts import ModelKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.keras_place import Place
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import ModelClass

_STATEMENT = re.compile(r"(?P<indent>[ \t]*)(?P<def>def[ \t]+)?(?P<word>\w*)\Z")
_STEP = "    "
_MODEL, _LAYER = ModelKind.SUBCLASS, ModelKind.LAYER


class _Snippet(NamedTuple):
    """`{keras}` and `{layers}` stand for the file's own names; a tab for a step of indentation."""

    label: str
    about: str
    lines: tuple[str, ...]
    kinds: tuple[ModelKind, ...] = ()  # of the class it is a method of; none: it stands alone


_ALONE = (
    _Snippet(
        "keras-model",
        "a subclass of Model",
        (
            "class ${1:MyModel}({keras}.Model):",
            "\tdef __init__(self, **kwargs):",
            "\t\tsuper().__init__(**kwargs)",
            '\t\tself.${2:dense} = {layers}.Dense(${3:64}, activation=${4:"relu"})',
            "",
            "\tdef call(self, inputs):",
            "\t\treturn self.${2:dense}(inputs)$0",
        ),
    ),
    _Snippet(
        "keras-layer",
        "a layer with weights of its own",
        (
            "class ${1:MyLayer}({layers}.Layer):",
            "\tdef __init__(self, ${2:units}, **kwargs):",
            "\t\tsuper().__init__(**kwargs)",
            "\t\tself.${2:units} = ${2:units}",
            "",
            "\tdef build(self, input_shape):",
            '\t\tself.kernel = self.add_weight(shape=(input_shape[-1], self.${2:units}), name="kernel")',
            "\t\tsuper().build(input_shape)",
            "",
            "\tdef call(self, inputs):",
            "\t\treturn inputs @ self.kernel$0",
            "",
            "\tdef get_config(self):",
            '\t\treturn {**super().get_config(), "${2:units}": self.${2:units}}',
        ),
    ),
    _Snippet(
        "keras-functional",
        "a functional model",
        (
            "inputs = {keras}.Input(shape=(${1:32},))",
            'x = {layers}.Dense(${2:64}, activation="relu")(inputs)',
            "outputs = {layers}.Dense(${3:10})(x)",
            "${4:model} = {keras}.Model(inputs, outputs)$0",
        ),
    ),
)
_METHODS = (
    _Snippet(
        "call", "what a call computes", ("def call(self, inputs):", "\t${0:return inputs}"), (_MODEL, _LAYER)
    ),
    _Snippet(
        "build",
        "makes the weights, once the shape of the input is known",
        (
            "def build(self, input_shape):",
            '\tself.${1:kernel} = self.add_weight(shape=(input_shape[-1], ${2:units}), name="${1:kernel}")$0',
            "\tsuper().build(input_shape)",
        ),
        (_LAYER,),
    ),
    _Snippet(
        "build",
        "makes the weights of its layers, once the shape of the input is known",
        ("def build(self, input_shape):", "\tself.${1:dense}.build(input_shape)$0", "\tself.built = True"),
        (_MODEL,),
    ),
    _Snippet(
        "get_config",
        "what the constructor takes, to save it and to make it anew",
        ("def get_config(self):", "\treturn {", "\t\t**super().get_config(),", "{config}", "\t}$0"),
        (_MODEL, _LAYER),
    ),
    _Snippet(
        "compute_output_shape",
        "the shape of the output, without a call",
        ("def compute_output_shape(self, input_shape):", "\treturn (*input_shape[:-1], ${1:units})$0"),
        (_LAYER,),
    ),
    _Snippet(
        "train_step",
        "one step of fit, of your own",
        (
            "def train_step(self, data):",
            "\tx, y = data",
            "\twith tf.GradientTape() as tape:",
            "\t\ty_pred = self(x, training=True)",
            "\t\tloss = self.compute_loss(y=y, y_pred=y_pred)",
            "\tgradients = tape.gradient(loss, self.trainable_variables)",
            "\tself.optimizer.apply_gradients(zip(gradients, self.trainable_variables))",
            "\tfor metric in self.metrics:",
            '\t\tif metric.name == "loss":',
            "\t\t\tmetric.update_state(loss)",
            "\t\telse:",
            "\t\t\tmetric.update_state(y, y_pred)",
            "\treturn {metric.name: metric.result() for metric in self.metrics}$0",
        ),
        (_MODEL,),
    ),
)


def complete_snippets(place: Place) -> tuple[Completion, ...]:
    """Where a statement begins: on its own in the module body, a method in the body of a class."""
    lines = place.view.document.lines
    start = lines.line_span(lines.line_of(place.offset)).start
    begun = _STATEMENT.match(place.mask, start, place.offset)
    if begun is None or not (begun["word"] or begun["def"]):
        return ()
    if not begun["indent"]:
        return () if begun["def"] else tuple(_alone(place))
    around = enclosing_class(place.view, place.offset)
    if around is None or begun["indent"] != _body_indent(place.view, around):
        return ()
    return tuple(
        _methods(place, around, Span(begun.start("def" if begun["def"] else "word"), place.word.end))
    )


def _alone(place: Place) -> Iterator[Completion]:
    """In a file without Keras only for who asks for it by that word."""
    facts, typed = place.view.facts.keras, place.typed.lower()
    for snippet in _ALONE:
        parts = (snippet.label, *snippet.label.split("-")) if facts.used else (snippet.label,)
        if any(part.startswith(typed) for part in parts):
            yield _item(place, snippet, place.word, snippet.label)


def _methods(place: Place, around: ModelClass, replace: Span) -> Iterator[Completion]:
    for snippet in _METHODS:
        if around.kind not in snippet.kinds or around.method(snippet.label) is not None:
            continue
        if snippet.label == "train_step" and not _tensorflow(place):
            continue
        typed = place.mask[replace.start : place.word.start]
        yield _item(place, snippet, replace, f"{typed}{snippet.label}", around)


def _tensorflow(place: Place) -> str | None:
    """What the file calls TensorFlow, which a step is written in; None for another backend, too."""
    facts = place.view.facts.keras
    local = next((local for local, name in facts.names if name == "tensorflow"), None)
    return local if facts.backend in ("", "tensorflow") else None


def _body_indent(view: DocumentView, around: ModelClass) -> str:
    lines = view.document.lines
    if around.methods:
        return lines.before(around.methods[0].span.start)
    return lines.before(around.span.start) + _STEP


def _item(
    place: Place, snippet: _Snippet, replace: Span, matched: str, around: ModelClass | None = None
) -> Completion:
    facts, lines = place.view.facts.keras, place.view.document.lines
    prefix = facts.prefix or "keras"
    text = lines.ending.join(_filled(place.view, snippet, around)).replace("\t", _STEP)
    text = text.replace("{layers}", facts.layers_prefix or f"{prefix}.layers").replace("{keras}", prefix)
    text = text.replace("tf.", f"{_tensorflow(place) or 'tf'}.")
    edit = import_of_keras(place) if facts.prefix is None else None
    if facts.prefix is None and edit is None:
        text = f"import keras{lines.ending * 3}{text}"
    return Completion(
        snippet.label,
        CompletionKind.SNIPPET,
        replace,
        text,
        snippet.about,
        f"```python\n{plain(text)}\n```",
        sort=f"~~{snippet.label}",
        filter=matched,
        also=(edit,) if edit is not None else (),
    )


def _filled(view: DocumentView, snippet: _Snippet, around: ModelClass | None) -> Iterator[str]:
    for line in snippet.lines:
        if line == "{config}":
            yield from (f'\t\t"{name}": self.{held},' for name, held in _kept(view, around))
        else:
            yield line


def _kept(view: DocumentView, around: ModelClass | None) -> list[tuple[str, str]]:
    node = class_node(view, around) if around is not None else None
    init = method(node, "__init__") if node is not None else None
    return (kept_parameters(init) if init is not None else []) or [("${1:units}", "${1:units}")]


def plain(snippet: str) -> str:
    """The text with what its places propose."""
    return re.sub(r"\$(?:\{\d+:([^}]*)\}|\d+)", lambda match: match[1] or "", snippet)
