"""KL505 under Keras 3: a file name that it does not save to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.guarded import guarded
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import canonical, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView

_MODEL = (".keras", ".h5", ".hdf5")
_WEIGHTS = (".weights.h5", ".json")  # the index of weights in several files


def check(view: DocumentView) -> Iterable[Finding]:
    return _found(view) if view.keras_line == 3 else ()


def _found(view: DocumentView) -> Iterator[Finding]:
    tree = tree_of(view)
    for node in tree.every(ast.Call):
        wanted = _wanted(view, node)
        name = (
            node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "filepath"), None)
        )
        if not wanted or not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            continue
        if name.value.endswith(wanted) or guarded(view, tree.span(node)):
            continue
        yield RULE.finding(
            tree.span(name),
            f"Keras 3 raises: the name has to end in `{wanted[0]}`.",
            fixes=_fixes(view, name, wanted[0]),
        )


def _wanted(view: DocumentView, call: ast.Call) -> tuple[str, ...]:
    """The endings it takes; none where the call is not known to save."""
    if canonical(view, call.func) == "keras.callbacks.ModelCheckpoint":
        only = next((k.value for k in call.keywords if k.arg == "save_weights_only"), None)
        if only is None or (isinstance(only, ast.Constant) and only.value is False):
            return (".keras", ".h5")
        return (".weights.h5",) if isinstance(only, ast.Constant) else ()
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in ("save", "save_weights"):
        return ()
    if len(call.args) > 1 or any(
        k.arg not in ("filepath", "overwrite", "include_optimizer") for k in call.keywords
    ):
        return ()
    if view.current is None:
        return ()
    values = locate.own_values(view.current, tree_of(view).span(function.value))
    models = [view.current.layer(v.layer) for v in values if v.kind == "layer"]
    if not models or len(models) != len(values) or any(m is None or m.kind == "layer" for m in models):
        return ()
    names = {m.class_name for m in models if m is not None}
    own = [
        c for c in map(view.facts.model_class, names) if c is not None and c.method(function.attr) is not None
    ]
    return () if own else (_MODEL if function.attr == "save" else _WEIGHTS)


def _fixes(view: DocumentView, name: ast.Constant, ending: str) -> list[Fix]:
    span = tree_of(view).span(name)
    written = span.of(view.document.text)
    if len(written) < 2 or written[-1] not in "'\"" or written[-2:-1] == written[-1]:
        return []
    stem = written[:-1].rstrip("/")
    for old in (".weights", ".h5", ".hdf5", ".tf", ".ckpt", ".keras"):
        stem = stem.removesuffix(old)
    new = f"{stem}{ending}{written[-1]}"
    return [Fix(f"Save to {new}", (TextEdit(span, new),), preferred=True)]


RULE = Rule(
    code="KL505",
    slug="file-name",
    severity=Severity.ERROR,
    keras_lines=(3,),
    why=(
        "Keras 3 tells the format from the name: `save` wants `.keras` (or the older `.h5`), `save_weights` "
        "wants `.weights.h5`, ModelCheckpoint one of them. tf-keras 2 takes any name."
    ),
    bad="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\n"
    "model.save('model')\n",
    good="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\n"
    "model.save('model.keras')\n",
    fix="Gives the name the ending that Keras 3 wants.",
    check=check,
)
