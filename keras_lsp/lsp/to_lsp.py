"""Our terms to protocol: results as the client can take them."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.card import without_links
from keras_lsp.features.results import CompletionKind, Severity, SymbolKind
from keras_lsp.lsp.sheet import edits_of, location_of
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
    from keras_lsp.lsp.sheet import Sheet
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.document import Document
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
    CompletionKind.PROPERTY: types.CompletionItemKind.Property,
    CompletionKind.ARGUMENT: types.CompletionItemKind.Variable,
    CompletionKind.STRING: types.CompletionItemKind.EnumMember,
    CompletionKind.SNIPPET: types.CompletionItemKind.Snippet,
}
_SYMBOLS = {
    SymbolKind.CLASS: types.SymbolKind.Class,
    SymbolKind.METHOD: types.SymbolKind.Method,
    SymbolKind.LAYER: types.SymbolKind.Field,
    SymbolKind.MODEL: types.SymbolKind.Variable,
}


def hover(found: Hover, sheet: Sheet, client: Client) -> types.Hover:
    contents = (
        types.MarkupContent(types.MarkupKind.Markdown, found.markdown)
        if client.markdown_hover
        else types.MarkupContent(types.MarkupKind.PlainText, found.text)
    )
    return types.Hover(contents, sheet.range(found.span))


def completions(
    found: Sequence[Completion], sheet: Sheet, client: Client
) -> list[types.CompletionItem] | types.CompletionList:
    """With the text that most of them take the place of said once, to a client that can take it so.

    Without what would change another cell, and what the client cannot fill in.
    """
    spans = Counter(item.replace for item in found)
    usual = max(spans, key=spans.__getitem__) if spans and client.shares_edit_range else None
    where = sheet.range(usual) if usual is not None else None
    items = [
        item
        for one in found
        if (item := _completion(one, sheet, client, usual if where is not None else None)) is not None
    ]
    if where is None:
        return items
    return types.CompletionList(
        is_incomplete=False, items=items, item_defaults=types.CompletionItemDefaults(edit_range=where)
    )


def _completion(
    found: Completion, sheet: Sheet, client: Client, usual: Span | None
) -> types.CompletionItem | None:
    topic, own = found.topic, None
    if found.replace != usual:
        where = sheet.range(found.replace)
        if where is None:
            return None
        own = types.TextEdit(where, found.insert)
    also = [types.TextEdit(there, edit.text) for edit in found.also if (there := sheet.range(edit.span))]
    snippet = found.kind is CompletionKind.SNIPPET
    if len(also) < len(found.also) or (snippet and not client.snippets):
        return None
    match = found.filter or found.insert
    return types.CompletionItem(
        label=found.label,
        # VS Code shows `detail` of the chosen item alone, this of all.
        label_details=types.CompletionItemLabelDetails(description=found.detail)
        if found.detail and client.labels_details
        else None,
        kind=_COMPLETIONS[found.kind],
        detail=found.detail or None,
        documentation=completion_documentation(found.documentation, client),
        sort_text=found.sort or None,
        filter_text=match if match != found.label else None,
        text_edit=own,
        text_edit_text=found.insert if own is None and found.insert != found.label else None,
        insert_text_format=types.InsertTextFormat.Snippet if snippet else None,
        additional_text_edits=also or None,
        data={"uri": sheet.document.key, "name": topic.name, "parameter": topic.parameter} if topic else None,
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


def inlay_hint(found: InlayHint, sheet: Sheet, *, later: bool = False) -> types.InlayHint | None:
    """None for one in another cell. A label with a place jumps there, and VS Code shows that place's card.

    `later`: the client asks for tooltip and place, with the hint as it is here.
    """
    position = sheet.position(found.offset)
    if position is None:
        return None
    if later:
        part = types.InlayHintLabelPart(found.label)
        return types.InlayHint(position, [part], types.InlayHintKind.Type, data=sheet.uri)
    place = location_of(sheet.document, found.target, sheet.encoding) if found.target is not None else None
    return types.InlayHint(
        position=position,
        label=[types.InlayHintLabelPart(found.label, location=place)] if place is not None else found.label,
        kind=types.InlayHintKind.Type,
        tooltip=found.tooltip or None,
    )


def inlay_label(hint: types.InlayHint) -> str:
    return hint.label if isinstance(hint.label, str) else "".join(part.value for part in hint.label)


def document_symbols(found: Iterable[Symbol], sheet: Sheet) -> list[types.DocumentSymbol]:
    """Those that are in the sheet."""
    return [
        types.DocumentSymbol(
            name=symbol.name,
            kind=_SYMBOLS[symbol.kind],
            range=where,
            selection_range=name,
            detail=symbol.detail or None,
            children=document_symbols(symbol.children, sheet),
        )
        for symbol in found
        if (where := sheet.range(symbol.span)) and (name := sheet.range(symbol.name_span))
    ]


def flat_symbols(
    found: Iterable[Symbol], sheet: Sheet, container: str | None = None
) -> list[types.SymbolInformation]:
    """The same tree for clients without a tree: each symbol names what holds it."""
    flat = []
    for symbol in found:
        told = symbol_information(symbol, sheet, container)
        if told is not None:
            flat += [told, *flat_symbols(symbol.children, sheet, symbol.name)]
    return flat


def symbol_information(found: Symbol, sheet: Sheet, container: str | None) -> types.SymbolInformation | None:
    where = sheet.range(found.span)
    if where is None:
        return None
    place = types.Location(sheet.uri, where)
    return types.SymbolInformation(place, found.name, _SYMBOLS[found.kind], container_name=container)


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
    return None if view is None else location_of(view.document, found.span, client.encoding)


def diagnostic(found: Finding, sheet: Sheet, client: Client) -> types.Diagnostic | None:
    """None for one that is not in the sheet."""
    where = sheet.range(found.span)
    if where is None:
        return None
    related = None
    if client.related_information and found.related:
        related = [
            types.DiagnosticRelatedInformation(place, part.message)
            for part in found.related
            if (place := location_of(sheet.document, part.span, client.encoding))
        ]
    return types.Diagnostic(
        range=where,
        severity=_SEVERITIES[found.severity],
        code=found.code,
        code_description=types.CodeDescription(uri) if (uri := rule_uri(found.code, client)) else None,
        source=SOURCE,
        message=found.message,
        related_information=related,
        tags=[types.DiagnosticTag.Unnecessary] if found.unnecessary and client.fades_unnecessary else None,
        data={"slug": found.slug} if client.diagnostic_data else None,
    )


def rule_uri(code: str, client: Client) -> str:
    """Where the client shows what a rule is about; "" where it does not."""
    return client.rule_uri.replace("{code}", code)


def code_action(
    fix: Fix,
    sheet: Sheet,
    client: Client,
    findings: Iterable[Finding] = (),
    kind: types.CodeActionKind | str = types.CodeActionKind.QuickFix,
) -> types.CodeAction:
    """`findings` are what it mends."""
    return types.CodeAction(
        title=fix.title,
        kind=kind,
        diagnostics=[told for one in findings if (told := diagnostic(one, sheet, client)) is not None]
        or None,
        is_preferred=fix.preferred if client.preferred_actions else None,
        edit=workspace_edit(fix, sheet.document, client),
    )


def workspace_edit(fix: Fix, document: Document, client: Client) -> types.WorkspaceEdit:
    changed = list(edits_of(document, fix.edits, client.encoding))
    if not client.versioned_edits:
        return types.WorkspaceEdit(changes={one.key: edits for one, edits in changed})
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(one.key, one.version), edits)
            for one, edits in changed
        ]
    )
