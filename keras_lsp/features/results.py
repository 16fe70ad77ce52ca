"""What features answer: plain data, spans in code points. The LSP rim alone turns it into protocol."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_lsp.source.facts import Elsewhere
    from keras_lsp.text.span import Span


@dataclass(frozen=True, slots=True)
class Hover:
    span: Span
    markdown: str
    text: str  # the same card for clients without Markdown, and for terminals


class CompletionKind(str, Enum):
    LAYER = "layer"
    WEIGHT = "weight"
    NAME = "name"
    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    PROPERTY = "property"
    ARGUMENT = "argument"
    STRING = "string"
    SNIPPET = "snippet"  # `insert` has places to fill in, `${1:units}`


@dataclass(frozen=True, slots=True)
class Topic:
    """What of Keras is to be explained: a thing, or one of its parameters."""

    name: str  # canonical: "keras.layers.Dense"
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    label: str
    kind: CompletionKind
    replace: Span  # text that `insert` takes the place of
    insert: str
    detail: str = ""  # "Dense (None, 32) -> (None, 64)"
    documentation: str = ""  # Markdown
    sort: str = ""
    topic: Topic | None = None  # instead of a documentation, which then is made when it is asked for
    filter: str = ""  # what is compared with what is typed; "" for what is inserted
    also: tuple[TextEdit, ...] = ()  # edits elsewhere that come with it, such as an import


@dataclass(frozen=True, slots=True)
class SignatureParameter:
    start: int  # where the label names it, in code points
    end: int
    documentation: str = ""  # Markdown


@dataclass(frozen=True, slots=True)
class SignatureHelp:
    label: str  # "Dense(units, activation=None, **kwargs)"
    parameters: tuple[SignatureParameter, ...]
    active: int | None  # index of the parameter that is being given; None when it is none of them
    documentation: str = ""  # Markdown


class Severity(str, Enum):
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Related:
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class TextEdit:
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    title: str
    edits: tuple[TextEdit, ...]
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One occurrence of a mistake."""

    code: str  # "KL101"
    slug: str  # "weights-before-build"
    severity: Severity
    span: Span
    message: str  # one line, plain words
    related: tuple[Related, ...] = ()
    fixes: tuple[Fix, ...] = ()
    unnecessary: bool = False  # it does nothing: editors may fade it


@dataclass(frozen=True, slots=True)
class RuleLink:
    """A place that names a rule."""

    span: Span
    code: str  # "KL101"


@dataclass(frozen=True, slots=True)
class InlayHint:
    offset: int
    label: str  # "(None, 64)"
    tooltip: str = ""
    target: Span | None = None  # where the layer was made that gave this


class LensKind(str, Enum):
    MODEL = "model"  # shows the model
    INPUT = "input"  # asks for the shape of what goes in
    FINDINGS = "findings"  # goes to the first of them


@dataclass(frozen=True, slots=True)
class CodeLens:
    """Above a class, `span` is its name; `about` says for which class, or where the first finding is."""

    span: Span
    title: str
    kind: LensKind = LensKind.MODEL
    about: str | Span = ""


class FoldKind(str, Enum):
    CODE = "code"
    COMMENT = "comment"
    IMPORTS = "imports"


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that can be hidden but for the first."""

    span: Span
    kind: FoldKind = FoldKind.CODE


class SymbolKind(str, Enum):
    CLASS = "class"
    METHOD = "method"
    LAYER = "layer"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Symbol:
    name: str
    kind: SymbolKind
    span: Span
    name_span: Span
    detail: str = ""
    children: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    key: str  # document key (uri)
    span: Span
    elsewhere: Elsewhere | None = None  # in another file; `key` and `span` are then what led there
