"""Another name for an attribute that holds a layer, or for a layer's `name=`, at every place that says it.

It is done everywhere in the file or, where a place may mean something else, not at all, with the reason.
"""

from __future__ import annotations

import ast
import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.results import TextEdit
from keras_lsp.features.uses import attribute_name, name_span
from keras_lsp.source.facts import LayerCall, Reference, ReferenceKind, StepKind
from keras_lsp.source.positions import Positions
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.source.facts import ModelClass


class RefusalError(Exception):
    """Why a name cannot be changed, in words for the user."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """What can be renamed at a place: `span` holds `name`."""

    span: Span
    name: str


def prepare(snapshot: Snapshot, key: str, offset: int) -> Renaming | None:
    """None where nothing of ours is; raises RefusalError where renaming cannot be sure."""
    view = snapshot.view(key)
    target = _target(view, offset) if view is not None else None
    if view is None or target is None:
        return None
    target.edits(target.name)  # refuses for what stands in the file, not for a name
    return Renaming(target.span, target.name)


def rename(snapshot: Snapshot, key: str, offset: int, new: str) -> tuple[TextEdit, ...] | None:
    """The edits; None and RefusalError as for `prepare`."""
    view = snapshot.view(key)
    target = _target(view, offset) if view is not None else None
    return target.edits(new) if target is not None else None


def _target(view: DocumentView, offset: int) -> _Attribute | _LayerName | None:
    named = _layer_name_at(view, offset)
    if named is not None:
        return named
    reference = locate.locate(view, offset)
    if reference is None or reference.kind not in (ReferenceKind.SLOT, ReferenceKind.LAYER_PATH):
        return None
    slot, name = locate.layer_slot(reference), attribute_name(reference)
    if slot is None or name is None or slot.attribute != name:
        return None
    return _Attribute(view, name_span(view, reference), name, slot.owner)


@dataclass(frozen=True)
class _Attribute:
    """`self.<name>` of one class."""

    view: DocumentView
    span: Span
    name: str
    owner: str

    def edits(self, new: str) -> tuple[TextEdit, ...]:
        self._check_class()
        self._check_new(new)
        mine, others = set[Span](), set[Span]()
        for reference in self.view.facts.references:
            if attribute_name(reference) == self.name:
                slot = locate.layer_slot(reference)
                known = slot is not None and slot.attribute == self.name
                owner = slot.owner if slot is not None and known else None
                span = name_span(self.view, reference)
                (mine if owner == self.owner else others if owner is not None else set()).add(span)
        for span in _attribute_spans(self.view, self.name):
            if span not in mine | others:
                raise RefusalError(f"`.{self.name}` on line {_line(self.view, span)} may be another's")
        for span in set(_string_spans(self.view, self.name)) - _layer_names(self.view):
            raise RefusalError(f'"{self.name}" on line {_line(self.view, span)} may mean this attribute, too')
        return tuple(TextEdit(span, new) for span in sorted(mine))

    def _check_class(self) -> None:
        model_class = self.view.facts.model_class(self.owner)
        _check_text(self.view)
        if model_class is None:
            raise RefusalError(f"`{self.owner}` is not in this file")
        for slot in model_class.slots:
            spelled = slot.definition.of(self.view.document.text)
            if slot.path == self.name and not spelled.endswith(self.name):
                line = _line(self.view, slot.definition)
                raise RefusalError(f"the name is spelled by an expression on line {line}")
        for other in _relatives(self.view, model_class):
            if any(slot.attribute == self.name for slot in other.slots):
                raise RefusalError(f"`{other.name}` has its own `{self.name}`")
        foreign = [b for b in model_class.bases if not b.startswith("keras.") and not self._is_here(b)]
        if foreign:
            raise RefusalError(f"`{foreign[0]}`, a base in another file, may use `{self.name}`")

    def _is_here(self, base: str) -> bool:
        return self.view.facts.model_class(base) is not None or base in {"object", "tensorflow.Module"}

    def _check_new(self, new: str) -> None:
        if not new.isidentifier() or keyword.iskeyword(new):
            raise RefusalError(f"`{new}` is no name that an attribute can have")
        if new != self.name and any(True for _ in _attribute_spans(self.view, new)):
            raise RefusalError(f"`.{new}` is there already")
        for model_class in self.view.facts.classes:
            if model_class.name == self.owner and model_class.method(new) is not None:
                raise RefusalError(f"`{new}` is a method of `{self.owner}`")


@dataclass(frozen=True)
class _LayerName:
    """The string in a layer's `name=`."""

    view: DocumentView
    span: Span  # without quotes
    name: str
    call: LayerCall

    def edits(self, new: str) -> tuple[TextEdit, ...]:
        _check_text(self.view)
        if not new or any(c in new for c in "\"'\\\n\r{}"):
            raise RefusalError("a name cannot have quotes, backslashes, braces or line ends here")
        if "/" in new and self.view.keras_line != 2:
            raise RefusalError("Keras 3 takes no `/` in the name of a layer")
        argument = self.call.argument("name")
        mine = {argument.span} if argument is not None else set()
        named = [other.argument("name") for other in _calls(self.view) if other.span != self.call.span]
        others = {other.span for other in named if other is not None and other.value == self.name}
        for reference in self.view.facts.references:
            span = _asked_name(reference)
            if span is None or reference.name != self.name:
                continue
            made = self._made_by(reference)
            if made is None:
                line = _line(self.view, span)
                raise RefusalError(f"it is not known of which model `get_layer` on line {line} asks")
            (mine if made else others).add(span)
        for span in _string_spans(self.view, self.name):
            if span not in mine | others:
                raise RefusalError(f'"{self.name}" on line {_line(self.view, span)} may mean this layer, too')
        text = self.view.document.text
        return tuple(TextEdit(inner, new) for span in sorted(mine) if (inner := _inside(text, span)))

    def _made_by(self, reference: Reference) -> bool | None:
        """Whether a `get_layer` gives the layer that this call makes; None where it is not known."""
        call = locate.layer_call(reference)
        if call is not None:
            return call.span == self.call.span
        replay = self.view.current
        if replay is None:
            return None
        asked = {layer.id for layer in locate.layers_for(self.view, reference)}
        made = {layer.id for layer in replay.created_at(self.call.span)}
        return bool(asked & made) if asked and made else None


def _layer_name_at(view: DocumentView, offset: int) -> _LayerName | None:
    text = view.document.text
    for call in _calls(view):
        argument = call.argument("name")
        if argument is None or call.given_name is None or argument.stands_for:
            continue
        inside = _inside(text, argument.span)
        if inside is not None and inside.touches(offset):
            return _LayerName(view, inside, call.given_name, call)
    reference = locate.locate(view, offset)
    span = _asked_name(reference) if reference is not None else None
    inside = _inside(text, span) if span is not None else None
    if reference is None or inside is None or not inside.touches(offset):
        return None
    made = locate.layer_call(reference)
    if made is None and view.current is not None:
        places = {view.current.span(layer.created) for layer in locate.layers_for(view, reference)}
        made = next((call for call in _calls(view) if call.span in places), None)
    if made is None or made.given_name != reference.name:
        raise RefusalError("the layer that it asks for has no `name=` in this file")
    return _LayerName(view, inside, reference.name, made)


def _asked_name(reference: Reference) -> Span | None:
    """The string in `get_layer("name")`, with its quotes."""
    steps = reference.path.steps if reference.kind is ReferenceKind.LAYER_PATH and reference.path else ()
    last = steps[-1] if steps else None
    if last is None or last.kind is not StepKind.GET_LAYER or not isinstance(last.value, str):
        return None
    return last.value_span


def _layer_names(view: DocumentView) -> set[Span]:
    """What is given as `name=` to a layer or asked for with `get_layer`: never an attribute."""
    given = {argument.span for call in _calls(view) if (argument := call.argument("name")) is not None}
    return given | {span for r in view.facts.references if (span := _asked_name(r)) is not None}


def _calls(view: DocumentView) -> Iterator[LayerCall]:
    """Every call that makes a layer, once."""
    seen: set[Span] = set()
    for reference in view.facts.references:
        call = reference.call if reference.kind is ReferenceKind.CONSTRUCTOR else None
        if call is not None and call.span not in seen:
            seen.add(call.span)
            yield call


def _relatives(view: DocumentView, model_class: ModelClass) -> Iterator[ModelClass]:
    """Bases and derived classes in this file."""
    for other in view.facts.classes:
        if other.name != model_class.name and (
            model_class.name in other.bases or other.name in model_class.bases
        ):
            yield other


def _check_text(view: DocumentView) -> None:
    if view.facts.problems:
        line = _line(view, view.facts.problems[0].span)
        raise RefusalError(f"line {line} cannot be read: it may use the name")


def _attribute_spans(view: DocumentView, name: str) -> Iterator[Span]:
    """Every `.name` of the text."""
    parsed = view.parsed
    positions = Positions(parsed.text)
    for node in ast.walk(parsed.tree):
        if isinstance(node, ast.Attribute) and node.attr == name:
            end = positions.span(node).end
            yield Span(end - len(name), end)


def _string_spans(view: DocumentView, value: str) -> Iterator[Span]:
    """Every string of the text that is just that."""
    parsed = view.parsed
    positions = Positions(parsed.text)
    for node in ast.walk(parsed.tree):
        if isinstance(node, ast.Constant) and node.value == value:
            yield positions.span(node)


def _inside(text: str, span: Span) -> Span | None:
    """A plain string without its quotes; None for one with a prefix, or of several parts."""
    written = span.of(text)
    if len(written) < 2 or written[0] not in "\"'" or written[-1] != written[0]:
        return None
    inner = written[1:-1]
    plain = written[0] not in inner and "\\" not in inner and "\n" not in inner
    return Span(span.start + 1, span.end - 1) if plain else None


def _line(view: DocumentView, span: Span) -> int:
    return view.document.lines.line_of(span.start) + 1
