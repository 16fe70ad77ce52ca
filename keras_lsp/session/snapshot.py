"""The frozen state that one answer is computed from: texts, facts, and what the last replay saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from keras_lsp.session.settings import RuleSettings, Settings
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from keras_lsp.knowledge.api import Api
    from keras_lsp.source.facts import ModuleFacts
    from keras_lsp.source.parse import ParsedModule
    from keras_lsp.text.document import Document
    from keras_lsp.text.shift import Shift
    from keras_lsp.worker.report import LayerReport, NodeFact, ReplayReport, Value


class ReplayState(str, Enum):
    """Where the replay of a document stands; the values are those of `kerasLsp/status`."""

    STATIC = "static"  # nothing to replay: no model code in this document
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """The user's Python as far as it is known without running it, or as the worker reported it."""

    command: tuple[str, ...]
    origin: str  # why this one: "setting", "editor", "project .venv", "VIRTUAL_ENV", "PATH"
    keras_version: str | None = None  # of what `import keras` gives
    keras_line: int | None = None  # 3, or 2 when `tf.keras` is legacy; None when unknown
    tensorflow_version: str | None = None
    tf_keras_version: str | None = None
    confirmed: bool = False  # the worker said so, not package metadata
    sandbox: str = ""  # the level that replays are confined at; "" while it is full, or not known


@dataclass(frozen=True)
class ReplayView:
    """A report joined to the *current* text: its spans are moved through the edits made since."""

    report: ReplayReport
    shift: Shift
    stale: bool  # the model code has changed since

    @cached_property
    def _nodes(self) -> dict[Span, tuple[NodeFact, ...]]:
        found: dict[Span, tuple[NodeFact, ...]] = {}
        for node in self.report.nodes:
            span = self.span(node.span)
            if span is not None:
                found[span] = (*found.get(span, ()), node)
        return found

    @cached_property
    def _layers(self) -> dict[int, LayerReport]:
        return {layer.id: layer for layer in self.report.layers}

    @cached_property
    def _created(self) -> dict[Span, tuple[LayerReport, ...]]:
        found: dict[Span, tuple[LayerReport, ...]] = {}
        for layer in self.report.layers:
            span = self.span(layer.created)
            if span is not None:
                found[span] = (*found.get(span, ()), layer)
        return found

    def span(self, pair: tuple[int, int] | None) -> Span | None:
        """A span of the report in today's text; None when that text was edited away."""
        return None if pair is None else self.shift.apply(Span(*pair))

    def values_at(self, span: Span) -> tuple[Value, ...]:
        """What the expression at exactly `span` was, the program's own values before projected ones."""
        nodes = sorted(self._nodes.get(span, ()), key=lambda node: node.projected)
        return tuple(value for node in nodes for value in node.values)

    @property
    def spans(self) -> Collection[Span]:
        """The places the replay saw, in today's text."""
        return self._nodes.keys()

    @cached_property
    def widest(self) -> dict[int, Span]:
        """By where it starts, the longest of those places."""
        found: dict[int, Span] = {}
        for place in self._nodes:
            known = found.get(place.start)
            if known is None or place.end > known.end:
                found[place.start] = place
        return found

    def nodes_at(self, span: Span) -> tuple[NodeFact, ...]:
        return self._nodes.get(span, ())

    def nodes_in(self, span: Span) -> Iterator[tuple[Span, NodeFact]]:
        for place, nodes in self._nodes.items():
            if span.covers(place):
                for node in nodes:
                    yield place, node

    def layer(self, layer_id: int | None) -> LayerReport | None:
        return None if layer_id is None else self._layers.get(layer_id)

    def layers_at(self, span: Span) -> tuple[LayerReport, ...]:
        """The layers an expression denoted: distinct, in the order seen."""
        ids = dict.fromkeys(
            v.layer for v in self.values_at(span) if v.kind == "layer" and v.layer is not None
        )
        return tuple(layer for i in ids if (layer := self._layers.get(i)) is not None)

    def created_at(self, span: Span) -> tuple[LayerReport, ...]:
        """The layers that the constructor call at exactly `span` made."""
        return self._created.get(span, ())

    def instances_of(self, class_name: str, at: int | None = None) -> tuple[LayerReport, ...]:
        """Those of the class whose text `at` is in, where the module has several of that name."""
        named = (x for x in self.report.layers if x.is_user_class and x.class_name == class_name)
        return tuple(x for x in named if at is None or self._is_of_class_at(x, at))

    def _is_of_class_at(self, layer: LayerReport, at: int) -> bool:
        defined = self.span(layer.defined)
        return defined is None or defined.start <= at < defined.end


@dataclass(frozen=True)
class DocumentView:
    """Everything known about one document at one moment."""

    document: Document
    facts: ModuleFacts
    parsed: ParsedModule  # of the document's text
    state: ReplayState = ReplayState.STATIC
    reason: str = ""  # why there is no current report, for the user; "" when there is
    replay: ReplayView | None = None
    environment: EnvironmentFacts | None = None
    api: Api | None = None  # of the Keras that is installed there, once it has been read

    @property
    def keras_line(self) -> int | None:
        """3 or 2 where known: from the replay, else from the text, else from the environment."""
        if self.replay is not None:
            return self.replay.report.versions.keras_line
        if self.facts.keras.legacy:
            return 2
        return self.environment.keras_line if self.environment else None

    @property
    def current(self) -> ReplayView | None:
        """The replay only if it is of today's model code; only this may raise error findings."""
        return self.replay if self.replay is not None and not self.replay.stale else None


@dataclass(frozen=True)
class Snapshot:
    views: Mapping[str, DocumentView]
    settings: Settings = field(default_factory=Settings)
    rules: Mapping[str, RuleSettings] = field(default_factory=dict)  # key -> what holds for the document
    problems: tuple[str, ...] = ()  # what of the folders' settings has no effect, and why

    def rules_of(self, key: str) -> RuleSettings:
        return self.rules.get(key) or self.settings.rules

    def view(self, key: str) -> DocumentView | None:
        return self.views.get(key)

    @cached_property
    def _notebooks(self) -> dict[str, DocumentView]:
        return {
            cell.key: view
            for view in self.views.values()
            if view.document.cells is not None
            for cell in view.document.cells.cells
        }

    def view_with(self, key: str) -> DocumentView | None:
        """The document of that key, or the notebook that has a cell of that key."""
        return self.views.get(key) or self._notebooks.get(key)
