"""Our terms to protocol: spans to ranges in the client's units, and no more than the client can take."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.card import without_links
from keras_lsp.features.results import CompletionKind, Severity, SymbolKind
from keras_lsp.text.line_index import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keras_lsp.features.results import (
        Completion,
        Finding,
        Fix,
        Hover,
        InlayHint,
        Location,
        SignatureHelp,
        Symbol,
    )
    from keras_lsp.lsp.client import Client
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.document import Document
    from keras_lsp.text.line_index import Encoding
    from keras_lsp.text.span import Span

SOURCE = "keras-lsp"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}
_COMPLETIONS = {
    CompletionKind.LAYER: types.CompletionItemKind.Field,
    CompletionKind.WEIGHT: types.CompletionItemKind.Value,
    CompletionKind.NAME: types.CompletionItemKind.Constant,
    CompletionKind.MODULE: types.CompletionItemKind.Module,
    CompletionKind.CLASS: types.CompletionItemKind.Class,
    CompletionKind.FUNCTION: types.CompletionItemKind.Function,
    CompletionKind.ARGUMENT: types.CompletionItemKind.Variable,
    CompletionKind.STRING: types.CompletionItemKind.EnumMember,
}
_SYMBOLS = {
    SymbolKind.CLASS: types.SymbolKind.Class,
    SymbolKind.METHOD: types.SymbolKind.Method,
    SymbolKind.LAYER: types.SymbolKind.Field,
    SymbolKind.MODEL: types.SymbolKind.Variable,
}


def position(document: Document, offset: int, encoding: Encoding) -> types.Position:
    line, column = document.lines.position(offset, encoding)
    return types.Position(line, column)


def range_of(document: Document, span: Span, encoding: Encoding) -> types.Range:
    return types.Range(position(document, span.start, encoding), position(document, span.end, encoding))


def hover(found: Hover, document: Document, client: Client) -> types.Hover:
    contents = (
        types.MarkupContent(types.MarkupKind.Markdown, found.markdown)
        if client.markdown_hover
        else types.MarkupContent(types.MarkupKind.PlainText, found.text)
    )
    return types.Hover(contents, range_of(document, found.span, client.encoding))


def completion(found: Completion, document: Document, client: Client) -> types.CompletionItem:
    topic = found.topic
    return types.CompletionItem(
        label=found.label,
        kind=_COMPLETIONS[found.kind],
        detail=found.detail or None,
        documentation=completion_documentation(found.documentation, client),
        sort_text=found.sort or None,
        filter_text=found.insert if found.insert != found.label else None,
        text_edit=types.TextEdit(range_of(document, found.replace, client.encoding), found.insert),
        data={"uri": document.key, "name": topic.name, "parameter": topic.parameter} if topic else None,
    )


def completion_documentation(markdown: str, client: Client) -> types.MarkupContent | None:
    return _markup(markdown, is_markdown=client.markdown_completion) if markdown else None


def signature_help(found: SignatureHelp, client: Client) -> types.SignatureHelp:
    parameters = [
        types.ParameterInformation(
            label=(_utf16(found.label[: p.start]), _utf16(found.label[: p.end]))
            if client.signature_offsets
            else found.label[p.start : p.end],
            documentation=_of_keras(p.documentation, client) if p.documentation else None,
        )
        for p in found.parameters
    ]
    signature = types.SignatureInformation(
        label=found.label,
        documentation=_of_keras(found.documentation, client) if found.documentation else None,
        parameters=parameters,
    )
    # A number behind the last parameter marks none; null is not known to every client.
    active = len(parameters) if found.active is None else found.active
    return types.SignatureHelp([signature], active_signature=0, active_parameter=active)


def _of_keras(markdown: str, client: Client) -> types.MarkupContent:
    shown = without_links(markdown) if client.markdown_signature else markdown
    return _markup(shown, is_markdown=client.markdown_signature)


def _utf16(text: str) -> int:
    """Places in a label count in UTF-16, whatever was agreed on for positions."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _markup(markdown: str, *, is_markdown: bool) -> types.MarkupContent:
    return types.MarkupContent(
        types.MarkupKind.Markdown if is_markdown else types.MarkupKind.PlainText, markdown
    )


def inlay_hint(found: InlayHint, document: Document, client: Client) -> types.InlayHint:
    return types.InlayHint(
        position=position(document, found.offset, client.encoding),
        label=found.label,
        kind=types.InlayHintKind.Type,
        tooltip=found.tooltip or None,
    )


def document_symbol(found: Symbol, document: Document, client: Client) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=found.name,
        kind=_SYMBOLS[found.kind],
        range=range_of(document, found.span, client.encoding),
        selection_range=range_of(document, found.name_span, client.encoding),
        detail=found.detail or None,
        children=[document_symbol(child, document, client) for child in found.children],
    )


def flat_symbols(
    found: Iterable[Symbol], document: Document, client: Client, container: str | None = None
) -> list[types.SymbolInformation]:
    """The same tree for clients without a tree: each symbol names what holds it."""
    flat = []
    for symbol in found:
        flat.append(symbol_information(symbol, document, client, container))
        flat += flat_symbols(symbol.children, document, client, symbol.name)
    return flat


def symbol_information(
    found: Symbol, document: Document, client: Client, container: str | None
) -> types.SymbolInformation:
    where = types.Location(document.key, range_of(document, found.span, client.encoding))
    return types.SymbolInformation(where, found.name, _SYMBOLS[found.kind], container_name=container)


def location(found: Location, snapshot: Snapshot, client: Client) -> types.Location | None:
    """None when the place is in a document the snapshot does not have."""
    if found.elsewhere is not None:
        place = found.elsewhere
        start = units(place.before, client.encoding)
        end = start + units(place.text.splitlines()[0] if place.text else "", client.encoding)
        there = types.Range(types.Position(place.line, start), types.Position(place.line, end))
        opened = (key for key, view in snapshot.views.items() if view.document.path == place.path)
        return types.Location(next(opened, PurePath(place.path).as_uri()), there)
    view = snapshot.view(found.key)
    if view is None:
        return None
    return types.Location(found.key, range_of(view.document, found.span, client.encoding))


def diagnostic(found: Finding, document: Document, client: Client) -> types.Diagnostic:
    related = None
    if client.related_information and found.related:
        related = [
            types.DiagnosticRelatedInformation(
                types.Location(document.key, range_of(document, part.span, client.encoding)), part.message
            )
            for part in found.related
        ]
    return types.Diagnostic(
        range=range_of(document, found.span, client.encoding),
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source=SOURCE,
        message=found.message,
        related_information=related,
        data={"slug": found.slug} if client.diagnostic_data else None,
    )


def code_action(
    fix: Fix,
    document: Document,
    client: Client,
    findings: Iterable[Finding] = (),
    kind: types.CodeActionKind | str = types.CodeActionKind.QuickFix,
) -> types.CodeAction:
    """`findings` are what it mends."""
    return types.CodeAction(
        title=fix.title,
        kind=kind,
        diagnostics=[diagnostic(finding, document, client) for finding in findings] or None,
        is_preferred=fix.preferred if client.preferred_actions else None,
        edit=workspace_edit(fix, document, client),
    )


def workspace_edit(fix: Fix, document: Document, client: Client) -> types.WorkspaceEdit:
    edits: Sequence[types.TextEdit] = [
        types.TextEdit(range_of(document, edit.span, client.encoding), edit.text) for edit in fix.edits
    ]
    if not client.versioned_edits:
        return types.WorkspaceEdit(changes={document.key: edits})
    identifier = types.OptionalVersionedTextDocumentIdentifier(document.key, document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, edits)])
