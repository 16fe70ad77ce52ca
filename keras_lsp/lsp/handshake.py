"""`initialize`, answered by hand: the types of the protocol take 0.4 s to import, and clients wait for this.

They are imported while the client digests the answer; see `server`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras_lsp
from keras_lsp.lsp import rpc
from keras_lsp.lsp.transport import read_body

if TYPE_CHECKING:
    from keras_lsp.lsp.rpc import Message
    from keras_lsp.lsp.transport import Connection

ENCODINGS = ("utf-8", "utf-16", "utf-32")

FIX_ALL = "source.fixAll.keras-lsp"  # a kind of code action

# What another file changes, we say ourselves: a client need not ask about all when one is edited.
_PULL = {"identifier": "keras-lsp", "interFileDependencies": False, "workspaceDiagnostics": False}

COMMANDS = (
    "kerasLsp.rebuild",
    "kerasLsp.showModel",
    "kerasLsp.summary",
    "kerasLsp.showFinding",
    "kerasLsp.setInputShape",
    "kerasLsp.pinInput",
    "kerasLsp.restartWorker",
    "kerasLsp.explainRule",
    "kerasLsp.doctor",
    "kerasLsp.checkWorkspace",
)


async def answer_initialize(connection: Connection) -> Message | None:
    """The params of `initialize`, which has been answered; None when the client left without it."""
    while not connection.ended and (body := await read_body(connection.reader)) is not None:
        message: object = None
        try:
            message = rpc.parse(body)
            call = rpc.checked(message, rpc.Stage.NEW)
            if call.get("method") == "initialize":
                params = _params(call)
                result = {"jsonrpc": "2.0", "id": call["id"], "result": initialize_result(params)}
                connection.writer.write(rpc.frame(result))
                return params
            if call.get("method") == "exit":
                return None
        except rpc.Refusal as refusal:
            response = rpc.refused(message, refusal)
            if response is not None:
                connection.writer.write(rpc.frame(response))
    return None


def position_encoding(params: Message) -> str:
    """The first one the client offers that we know; utf-16 is what every client must know."""
    general = params["capabilities"].get("general")
    offered = general.get("positionEncodings") if isinstance(general, dict) else None
    known = [encoding for encoding in offered if encoding in ENCODINGS] if isinstance(offered, list) else []
    return known[0] if known else "utf-16"


def rule_uri(params: Message) -> str:
    """`initializationOptions.ruleUri`: the client's own address of a rule's text, `{code}` for its code."""
    options = params.get("initializationOptions")
    said = options.get("ruleUri") if isinstance(options, dict) else None
    return said if isinstance(said, str) and "{code}" in said else ""


def initialize_result(params: Message) -> Message:
    return {
        "serverInfo": {"name": "keras-lsp", "version": keras_lsp.__version__},
        "capabilities": {
            "positionEncoding": position_encoding(params),
            # In full: every change is parsed as a whole anyway, and a client that sees lines where we see
            # none (Neovim and a lone CR) could make us drift from its text.
            "textDocumentSync": {"openClose": True, "change": 1, "save": True},
            # All cells: those that are not Python count where a sentence names a cell by its number.
            "notebookDocumentSync": {"notebookSelector": [{"notebook": "jupyter-notebook"}]},
            "hoverProvider": True,
            "completionProvider": {
                "triggerCharacters": [".", "[", "(", '"', "'", "="],
                "resolveProvider": True,
            },
            "signatureHelpProvider": {"triggerCharacters": ["(", ","], "retriggerCharacters": ["="]},
            "inlayHintProvider": {"resolveProvider": True},
            "documentSymbolProvider": True,
            "definitionProvider": True,
            "declarationProvider": True,
            "typeDefinitionProvider": True,
            "implementationProvider": True,
            "referencesProvider": True,
            "documentHighlightProvider": True,
            "renameProvider": _rename(params),
            "foldingRangeProvider": True,
            "codeLensProvider": {"resolveProvider": False},
            **({"diagnosticProvider": _PULL} if _pulls(params) else {}),
            **({"documentLinkProvider": {"resolveProvider": False}} if rule_uri(params) else {}),
            "workspaceSymbolProvider": True,
            "codeActionProvider": {
                "codeActionKinds": ["quickfix", "refactor.extract", "refactor.rewrite", FIX_ALL]
            },
            "executeCommandProvider": {"commands": list(COMMANDS)},
            "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
        },
    }


def _pulls(params: Message) -> bool:
    """Whether the client asks for diagnostics, and again when it is told to."""
    document, workspace = (params["capabilities"].get(part) for part in ("textDocument", "workspace"))
    asks = isinstance(document, dict) and isinstance(document.get("diagnostic"), dict)
    told = workspace.get("diagnostics") if isinstance(workspace, dict) else None
    return asks and isinstance(told, dict) and told.get("refreshSupport") is True


def _rename(params: Message) -> bool | Message:
    """Options only for a client that asks first: others are to be told no more than that it is there."""
    document = params["capabilities"].get("textDocument")
    said = document.get("rename") if isinstance(document, dict) else None
    return (
        {"prepareProvider": True} if isinstance(said, dict) and said.get("prepareSupport") is True else True
    )


def _params(message: Message) -> Message:
    if "id" not in message:
        raise rpc.Refusal(rpc.INVALID_REQUEST, "initialize is a request")
    params = message.get("params")
    if not isinstance(params, dict) or not isinstance(params.get("capabilities"), dict):
        raise rpc.Refusal(rpc.INVALID_PARAMS, "the params of initialize cannot be read")
    return params
