"""Every answer to a client with the capabilities of a real editor is one that it has said it can take.

`recorded/*.json` are what these editors sent in their `initialize`; who they are is in each file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol.client import Client, items_of, position

if TYPE_CHECKING:
    from tests.protocol.conftest import Clients

RECORDED = Path(__file__).parent / "recorded"
URI = "file:///nowhere/model.py"
TEXT = """import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense1 = keras.layers.Dense(64)
        self.heads = {"a": keras.layers.Dense(1)}

    def call(self, x):
        x = self.dense1(x)
        return keras.layers.Dense(3)(x)  # keras-lsp: ignore[no-rule]


model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu")])
model.layers[7]
"""


class Can:
    """What an editor has said, by dotted paths."""

    def __init__(self, capabilities: Any) -> None:
        self._capabilities = capabilities

    def __call__(self, path: str) -> Any:
        found = self._capabilities
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found


class Editor:
    def __init__(self, client: Client, can: Can) -> None:
        self.client = client
        self.can = can

    async def ask(self, method: str, needle: str = "", after: int = 0, **more: Any) -> Any:
        place: dict[str, Any] = {"textDocument": {"uri": URI}}
        if needle:
            place = self.client.place(URI, TEXT, TEXT.index(needle) + after)
        return await self.client.request(f"textDocument/{method}", {**place, **more})

    def knows_kind(self, contents: Any, path: str) -> None:
        kinds = self.can(path)
        assert contents["kind"] in (kinds or ["plaintext"])
        assert contents["kind"] == kinds[0] if kinds else True

    async def diagnostics(self) -> list[Any]:
        if self.can("textDocument.diagnostic") and self.can("workspace.diagnostics.refreshSupport"):
            found = (await self.ask("diagnostic"))["items"]
            assert not self.client.sent("textDocument/publishDiagnostics")
            return list(found)
        return await self.client.wait_for_diagnostics(URI, bool)


@pytest.fixture(params=sorted(path.stem for path in RECORDED.glob("*.json")))
async def editor(request: pytest.FixtureRequest, clients: Clients) -> Editor:
    recorded = json.loads((RECORDED / f"{request.param}.json").read_text(encoding="utf-8"))
    client = await clients.start(capabilities=recorded["capabilities"])
    client.open(URI, TEXT)
    return Editor(client, Can(recorded["capabilities"]))


async def test_it_is_answered_in_its_own_terms(editor: Editor) -> None:
    can, client = editor.can, editor.client
    await findings(editor)
    await texts(editor)
    await completions(editor)
    await places(editor)
    await actions(editor)
    answered = {
        method for message in client.messages if (method := message.get("method")) and "id" in message
    }
    assert answered <= {
        method
        for method, path in (
            ("workspace/configuration", "workspace.configuration"),
            ("workspace/inlayHint/refresh", "workspace.inlayHint.refreshSupport"),
            ("workspace/codeLens/refresh", "workspace.codeLens.refreshSupport"),
            ("workspace/diagnostic/refresh", "workspace.diagnostics.refreshSupport"),
            ("window/workDoneProgress/create", "window.workDoneProgress"),
            ("window/showDocument", "window.showDocument.support"),
            ("client/registerCapability", "workspace.didChangeConfiguration.dynamicRegistration"),
            ("client/registerCapability", "workspace.didChangeWatchedFiles.dynamicRegistration"),
        )
        if can(path)
    }


async def findings(editor: Editor) -> None:
    can = editor.can
    found = await editor.diagnostics()
    assert {one["code"] for one in found} >= {"KL203", "KL303", "KL902"}
    for one in found:
        if can("textDocument.publishDiagnostics") is not None:
            told = "textDocument.publishDiagnostics"
            assert can(f"{told}.relatedInformation") or "relatedInformation" not in one
            assert can(f"{told}.dataSupport") or "data" not in one
            assert {*one.get("tags", ())} <= {*(can(f"{told}.tagSupport.valueSet") or ())}
        assert "codeDescription" not in one  # nobody said where rules are shown


async def texts(editor: Editor) -> None:
    can, client = editor.can, editor.client
    card = await editor.ask("hover", "self.dense1(x)", 6)
    editor.knows_kind(card["contents"], "textDocument.hover.contentFormat")
    assert "Dense" in card["contents"]["value"]
    (signature,) = (await editor.ask("signatureHelp", "Dense(64)", 6))["signatures"]
    information = "textDocument.signatureHelp.signatureInformation"
    if "documentation" in signature:
        editor.knows_kind(signature["documentation"], f"{information}.documentationFormat")
    offsets = bool(can(f"{information}.parameterInformation.labelOffsetSupport"))
    assert all(isinstance(one["label"], list) is offsets for one in signature["parameters"])
    symbols = await editor.ask("documentSymbol")
    nested = bool(can("textDocument.documentSymbol.hierarchicalDocumentSymbolSupport"))
    assert all(("selectionRange" in one) is nested for one in symbols)
    folds = await editor.ask("foldingRange")
    assert len(folds) <= (can("textDocument.foldingRange.rangeLimit") or len(folds))
    assert isinstance(client.capabilities["renameProvider"], dict) is bool(
        can("textDocument.rename.prepareSupport")
    )


async def completions(editor: Editor) -> None:
    client, can = editor.client, editor.can
    item = "textDocument.completion.completionItem"
    for typed in ("\nker", "\nx = Den", "\nmodel.layers[", "\nkeras.layers."):
        text = TEXT + typed
        client.change(URI, len(typed) + 100, text)
        where = {"textDocument": {"uri": URI}, "position": position(text, len(text), client.encoding)}
        answer = await client.request("textDocument/completion", where)
        assert isinstance(answer, list) or "editRange" in (
            can("textDocument.completion.completionList.itemDefaults") or ()
        )
        found = items_of(answer)
        snippets = [one for one in found if one.get("insertTextFormat") == 2]
        assert bool(snippets) is (bool(can(f"{item}.snippetSupport")) and typed == "\nker")
        assert typed == "\nker" or found
        for one in found:
            assert can(f"{item}.labelDetailsSupport") or "labelDetails" not in one
            if "documentation" in one:
                editor.knows_kind(one["documentation"], f"{item}.documentationFormat")
    client.change(URI, 200, TEXT)


async def places(editor: Editor) -> None:
    for method in ("definition", "declaration", "documentHighlight"):
        assert await editor.ask(method, "self.dense1(x)", 6), method
    assert await editor.ask("implementation", "class Net", 7)
    assert await editor.ask("references", "self.dense1(x)", 6, context={"includeDeclaration": True})
    whole = {"start": position(TEXT, 0, "utf-16"), "end": position(TEXT, len(TEXT), "utf-16")}
    assert await editor.ask("inlayHint", range=whole) == []  # nothing has run
    lenses = await editor.ask("codeLens")
    shows = bool(editor.can("window.showDocument.support"))
    assert any("mistake" in lens["command"]["title"] for lens in lenses) is shows
    assert not any("input shape" in lens["command"]["title"] for lens in lenses)
    assert await editor.client.request("workspace/symbol", {"query": "dense1"})


async def actions(editor: Editor) -> None:
    can = editor.can
    start = position(TEXT, TEXT.index("no-rule"), editor.client.encoding)
    here = {"start": start, "end": start}
    found = await editor.ask("codeAction", range=here, context={"diagnostics": []})
    if not can("textDocument.codeAction.codeActionLiteralSupport"):
        assert not found
        return
    assert found
    for one in found:
        assert can("textDocument.codeAction.isPreferredSupport") or "isPreferred" not in one
        versioned = bool(can("workspace.workspaceEdit.documentChanges"))
        assert ("documentChanges" in one["edit"]) is versioned
