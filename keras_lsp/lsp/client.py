"""What the client on the other side can do, read once from `initialize`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.capabilities import get_capability

from keras_lsp.text.line_index import Encoding

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Client:
    """The defaults are what a client that says nothing can do."""

    encoding: Encoding = Encoding.UTF16
    markdown_hover: bool = False
    markdown_completion: bool = False
    resolves_documentation: bool = False  # asks for it when an item is looked at
    labels_details: bool = False  # shows more beside a label than the label
    shares_edit_range: bool = False  # takes what most items of a completion replace once, for all
    snippets: bool = False  # fills in places of a completion
    markdown_signature: bool = False
    signature_offsets: bool = False  # takes parameters as places in the label
    resolves_hints: bool = False  # asks for tooltip and place of the one that is looked at
    nested_symbols: bool = False
    related_information: bool = False
    most_folds: int | None = None
    diagnostic_data: bool = False
    fades_unnecessary: bool = False
    rule_uri: str = ""  # where it shows what a rule is about, with `{code}` in it; "" where it does not
    code_action_literals: bool = False  # without them an action cannot carry an edit
    preferred_actions: bool = False
    versioned_edits: bool = False
    refreshes_hints: bool = False
    refreshes_lenses: bool = False
    shows_documents: bool = False  # goes to a place when the server says so
    commands: frozenset[str] = frozenset()  # those of ours that it carries out itself, asking its user
    shows_progress: bool = False
    pulls_diagnostics: bool = False  # and does so again when it is told to
    watches_files: bool = False  # and says so
    has_configuration: bool = False  # answers `workspace/configuration`
    registers_configuration: bool = False  # wants to be asked before it reports changed settings

    @classmethod
    def of(
        cls,
        capabilities: types.ClientCapabilities,
        encoding: Encoding,
        rule_uri: str = "",
        commands: frozenset[str] = frozenset(),
    ) -> Client:
        def can(path: str) -> bool:
            return bool(get_capability(capabilities, path, False))

        def prefers_markdown(path: str) -> bool:
            kinds: Sequence[types.MarkupKind] = get_capability(capabilities, path, ()) or ()
            return bool(kinds) and kinds[0] == types.MarkupKind.Markdown

        document = "text_document"
        return cls(
            encoding=encoding,
            markdown_hover=prefers_markdown(f"{document}.hover.content_format"),
            markdown_completion=prefers_markdown(
                f"{document}.completion.completion_item.documentation_format"
            ),
            resolves_documentation="documentation"
            in (
                get_capability(
                    capabilities, f"{document}.completion.completion_item.resolve_support.properties", ()
                )
                or ()
            ),
            shares_edit_range="editRange"
            in (
                get_capability(capabilities, f"{document}.completion.completion_list.item_defaults", ()) or ()
            ),
            snippets=can(f"{document}.completion.completion_item.snippet_support"),
            labels_details=can(f"{document}.completion.completion_item.label_details_support"),
            markdown_signature=prefers_markdown(
                f"{document}.signature_help.signature_information.documentation_format"
            ),
            signature_offsets=can(
                f"{document}.signature_help.signature_information.parameter_information.label_offset_support"
            ),
            resolves_hints=_resolves_hints(
                get_capability(capabilities, f"{document}.inlay_hint.resolve_support.properties", ()) or ()
            ),
            most_folds=get_capability(capabilities, f"{document}.folding_range.range_limit", None),
            nested_symbols=can(f"{document}.document_symbol.hierarchical_document_symbol_support"),
            related_information=can(f"{document}.publish_diagnostics.related_information"),
            fades_unnecessary=types.DiagnosticTag.Unnecessary
            in (
                get_capability(capabilities, f"{document}.publish_diagnostics.tag_support.value_set", ())
                or ()
            ),
            rule_uri=rule_uri,
            diagnostic_data=can(f"{document}.publish_diagnostics.data_support"),
            code_action_literals=can(f"{document}.code_action.code_action_literal_support"),
            preferred_actions=can(f"{document}.code_action.is_preferred_support"),
            versioned_edits=can("workspace.workspace_edit.document_changes"),
            refreshes_hints=can("workspace.inlay_hint.refresh_support"),
            refreshes_lenses=can("workspace.code_lens.refresh_support"),
            shows_documents=can("window.show_document.support"),
            commands=commands,
            shows_progress=can("window.work_done_progress"),
            pulls_diagnostics=can(f"{document}.diagnostic") and can("workspace.diagnostics.refresh_support"),
            watches_files=can("workspace.did_change_watched_files.dynamic_registration"),
            has_configuration=can("workspace.configuration"),
            registers_configuration=can("workspace.did_change_configuration.dynamic_registration"),
        )


def _resolves_hints(properties: Sequence[str]) -> bool:
    """Neovim 0.11 names the place of a label's part without the part."""
    return "tooltip" in properties and not {"label.location", "location"}.isdisjoint(properties)
