"""One file of a corpus: what was said of it, which models were built, where text and replay differ."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_lsp.cli.checked import place_of
from keras_lsp.features import locate
from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.sandbox.samples import UNKNOWN
from keras_lsp.session.snapshot import ReplayState
from keras_lsp.source.facts import ModelKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView, Snapshot
    from keras_lsp.source.facts import Argument, LayerSlot, ModelClass
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import LayerReport, ReplayReport

EXACT = "exact"
NAMED = "exact but for sizes that come from data, which are named"
GUESSED = "on a guessed input"
KNOWN = (EXACT, NAMED, GUESSED)

# Why a model is none that can be made from its text, by the words of the reason; what is left is up to us.
ENVIRONMENT = "a package is missing"
DATA = "it depends on data that is not there"
ARGUMENTS = "nobody gives its arguments"
INPUT = "nobody gives its input, and no guess fits"
RAISES = "its program raises in this Keras"
NO_CALL = "it has no `call`, and so no shapes"
OURS = "it should be known"
_KINDS = (
    (NO_CALL, re.compile(re.escape(NO_CALL))),
    (ENVIRONMENT, re.compile(r"is not installed|does not start under")),
    (ARGUMENTS, re.compile(r"nobody in this file (?:uses|gives)|nobody calls the function that it is in")),
    (DATA, re.compile(r"depends on `|gives it data that|is not known|No such file|which a replay does not")),
    (INPUT, re.compile(r"nothing here says what its input is")),
    (RAISES, re.compile(r"raised \w+|program raises \w+")),
)


_PLAIN_BASES = frozenset({"keras.Model", "keras.layers.Layer"})


@dataclass(frozen=True)
class Model:
    """A class or variable that is a model; `outcome` is EXACT, NAMED, GUESSED, or why it is not known."""

    line: int
    name: str
    outcome: str

    @property
    def kind(self) -> str:
        if self.outcome in KNOWN:
            return self.outcome
        return next((kind for kind, words in _KINDS if words.search(self.outcome)), OURS)


@dataclass
class Judged:
    path: str
    seconds: float = 0.0
    error: str = ""  # of ours: it should never have one
    state: str = ""
    reason: str = ""
    models: list[Model] = field(default_factory=list)
    findings: list[dict[str, object]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def judge(snapshot: Snapshot, key: str, judged: Judged) -> None:
    view = snapshot.views[key]
    judged.state, judged.reason = view.state.value, view.reason
    for found in diagnostics(snapshot, key):
        place = place_of(view.document, found.span)
        judged.findings.append(
            {
                "code": found.code,
                "severity": found.severity.value,
                "line": place.line,
                "cell": place.cell,
                "message": found.message,
            }
        )
    judged.models = list(_models(view))
    if view.replay is not None:
        judged.differences = list(_differences(view, view.replay))


def _models(view: DocumentView) -> Iterator[Model]:
    for model_class in view.facts.classes:
        if model_class.kind in (ModelKind.SUBCLASS, ModelKind.LAYER):
            yield Model(
                _line(view, model_class.name_span.start), model_class.name, _of_class(view, model_class)
            )
    kinds = (ModelKind.SEQUENTIAL, ModelKind.FUNCTIONAL)
    for binding in view.facts.bindings:
        if binding.kind in kinds and not binding.is_tensor and binding.call is not None:
            layers = view.replay.layers_at(binding.span) if view.replay is not None else ()
            layers = layers or (locate.created_by(view.replay, binding.call) if view.replay else ())
            yield Model(
                _line(view, binding.span.start),
                binding.name,
                _outcome(view, layers, binding.name, binding.span),
            )


def _of_class(view: DocumentView, model_class: ModelClass) -> str:
    name, span = model_class.name, model_class.name_span
    made = view.replay.instances_of(name, span.start) if view.replay is not None else ()
    outcome = _outcome(view, made, name, span)
    is_called = model_class.method("call") is not None or not _PLAIN_BASES.issuperset(model_class.bases)
    return outcome if outcome in KNOWN or is_called or not made else NO_CALL


def _why_never(view: DocumentView, report: ReplayReport, name: str, span: Span) -> str:
    """What the report says of this name or of the function it is in, else of this place."""
    names = {name, *_around(view, span)}
    named = next((hole.reason for hole in report.holes if not names.isdisjoint(hole.names)), "")
    around = (hole.reason for hole in report.holes if hole.span[0] <= span.start < hole.span[1])
    failure = next((f for f in report.failures if f.span and f.span[0] <= span.start < f.span[1]), None)
    raised = f"its program raises {failure.type}: {failure.message}" if failure is not None else ""
    return named or raised or next(around, "nobody calls the function that it is in")


def _around(view: DocumentView, span: Span) -> Iterator[str]:
    """The names of the functions and classes that a place is in."""
    line = view.document.lines.line_of(span.start) + 1
    for node in ast.walk(view.parsed.tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.lineno <= line <= (
            node.end_lineno or 0
        ):
            yield node.name


def _outcome(view: DocumentView, instances: tuple[LayerReport, ...], name: str, span: Span) -> str:
    """The best that is known of one of them."""
    if view.replay is None or view.state is not ReplayState.READY:
        return f"no replay: {view.reason}"
    if not instances:
        return f"never made; {_why_never(view, view.replay.report, name, span)}"
    known = [one for one in instances if one.outputs and UNKNOWN not in "".join(one.outputs)]
    if any(not one.guessed and not one.depends_on for one in known):
        return EXACT
    if any(not one.guessed for one in known):
        return NAMED
    if known:
        return GUESSED
    said = next((one.depends_on or one.built_how for one in instances if one.depends_on or one.built_how), "")
    return f"not called: {said or 'nothing says why'}"


def _differences(view: DocumentView, replay: ReplayView) -> Iterator[str]:
    """Where the text and the replay both speak of a slot, and do not agree."""
    for model_class in view.facts.classes:
        for owner in replay.instances_of(model_class.name, model_class.name_span.start):
            for slot in (*model_class.slots, *model_class.inherited):
                yield from _of_slot(view, replay, owner, slot)


def _of_slot(view: DocumentView, replay: ReplayView, owner: LayerReport, slot: LayerSlot) -> Iterator[str]:
    call = slot.call
    held = replay.layer(owner.attributes.get(slot.path))
    same = [s for s in _class_slots(view, slot) if s.path == slot.path]
    if call is None or held is None or len(same) > 1 or slot.conditional:
        return
    where = f"line {_line(view, slot.definition.start)}: {owner.class_name}.{slot.path}"
    if held.class_name != call.class_name and (held.class_name, call.class_name) != ("Functional", "Model"):
        yield f"{where} is {call.class_name} by the text, {held.class_name} in the replay"
        return
    for argument in call.arguments:
        if _disagree(argument, held):
            yield (
                f"{where}({argument.name}={argument.stands_for or argument.text}) "
                f"is {held.config[argument.name or '']} in the replay"
            )


def _class_slots(view: DocumentView, slot: LayerSlot) -> tuple[LayerSlot, ...]:
    model_class = view.facts.model_class(slot.owner)
    return (*model_class.slots, *model_class.inherited) if model_class is not None else (slot,)


def _disagree(argument: Argument, held: LayerReport) -> bool:
    """Only where both give a literal, and the text says that it is so and not just by default."""
    if argument.name is None or argument.by_default or argument.name not in held.config:
        return False
    try:
        said = argument.value if argument.known else ast.literal_eval(argument.stands_for)
        real = ast.literal_eval(held.config[argument.name])
    except (ValueError, SyntaxError):
        return False
    if isinstance(real, tuple) and not isinstance(said, tuple):  # `kernel_size=3` is kept as (3, 3)
        return any(part != said for part in real)
    return bool(said != real) and isinstance(said, str) == isinstance(real, str)


def _line(view: DocumentView, offset: int) -> int:
    return view.document.lines.line_of(offset) + 1
