"""Notebooks over the wire, as VS Code tells of them: each cell is answered in its own coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol.client import FULL_CAPABILITIES, ServerError, apply_edit, label_of, text_at
from tests.protocol.notebook import CAPABILITIES, MARKUP, Notebook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.client import Client, Message
    from tests.protocol.conftest import Clients

IMPORTS = "%pip install -q keras\nfrom keras import layers, Model\r\nimport keras"
CLASS = """\
%%time
class Net(Model):
    def __init__(self):
        super().__init__()
        odd = "é中😀"; self.hidden = layers.Dense(64)
        self.out = layers.Dense(10)

    def call(self, x):
        return self.out(self.hidden(x))"""
MAKE = "files = !ls\ns = '😀'; model = Net()\nmodel.build((None, 32))"
USE = "weights = model.layers[0].weights[0]"
BUILT = "model(keras.Input((32,)))\nmodel.layers[1].weights[0]"
LATE = """\
batch = await fetch()
sizes = !cat sizes
display(model); unknown = layers.Dense(int(sizes[0]))(keras.Input((4,)))
x = keras.Input((32,)); hidden = layers.Dense(UNITS)(x)
get_ipython().run_line_magic('pip', '')"""
TITLE = (MARKUP, "markdown", "# `model.layers[0].weights[0]`")
SHELL = (2, "shellscript", "model = 3")


def vscode() -> Message:
    return {**FULL_CAPABILITIES, "notebookDocument": CAPABILITIES}


def shown(notebook: Notebook, number: int, where: Message) -> str:
    return text_at(notebook.texts[notebook[number]], where, notebook.client.encoding)


async def hints(notebook: Notebook, number: int) -> dict[str, str]:
    """The line before each hint of a cell, and the hint."""
    found = await notebook.ask("textDocument/inlayHint", number, range=notebook.whole(number))
    text = notebook.texts[notebook[number]]
    start = {"line": 0, "character": 0}
    before = (text_at(text, {"start": start, "end": h["position"]}, notebook.client.encoding) for h in found)
    return {text.splitlines()[-1].strip(): label_of(hint) for text, hint in zip(before, found, strict=True)}


def changed(notebook: Notebook, texts: dict[str, str]) -> set[str]:
    return {uri for uri, text in texts.items() if text != notebook.texts[uri]}


async def command(client: Client, name: str, *arguments: str) -> Any:
    params = {"command": name, "arguments": list(arguments)}
    return await client.request("workspace/executeCommand", params)


def codes(diagnostics: list[Message]) -> set[str]:
    return {one["code"] for one in diagnostics}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_what_the_text_says(clients: Clients, encoding: str) -> None:
    """Untrusted: every request answers at once, about the cell that it names."""
    client = await clients.start(capabilities=vscode(), encodings=[encoding])
    assert (
        client.capabilities["notebookDocumentSync"]["notebookSelector"][0]["notebook"] == "jupyter-notebook"
    )
    notebook = Notebook(
        client, "file:///nowhere/a%20b.ipynb", IMPORTS, TITLE, CLASS, SHELL, MAKE, USE, "print('x')"
    )

    hover = await client.request("textDocument/hover", notebook.at(5, "layers[0]", 7))
    assert "hidden" in hover["contents"]["value"]
    assert "line 5 of cell 3" in hover["contents"]["value"].lower()
    assert shown(notebook, 5, hover["range"]) == "model.layers[0]"

    for at in (notebook.at(5, "layers[0]", 7), notebook.at(2, "self.hidden(", 7)):
        (place,) = await client.request("textDocument/definition", at)
        assert place["uri"] == notebook[2]
        assert "hidden" in shown(notebook, 2, place["range"])

    (net,) = await notebook.ask("textDocument/documentSymbol", 2)
    assert shown(notebook, 2, net["selectionRange"]) == "Net"
    assert {child["name"] for child in net["children"]} > {"hidden", "out"}
    assert [one["name"] for one in await notebook.ask("textDocument/documentSymbol", 4)] == ["model"]
    assert await notebook.ask("textDocument/documentSymbol", 6) == []

    (finding,) = await client.wait_for_diagnostics(notebook[5], bool)
    assert finding["code"] == "KL101"
    assert "line 3 of cell 5" in finding["message"]
    assert shown(notebook, 5, finding["range"]) == "model.layers[0].weights[0]"
    actions = await notebook.ask(
        "textDocument/codeAction", 5, range=finding["range"], context={"diagnostics": [finding]}
    )
    fix = next(action["edit"] for action in actions if action.get("isPreferred"))
    fixed = apply_edit(notebook.texts, fix, encoding)
    assert changed(notebook, fixed) == {notebook[4]}  # a cell of its own, with a version of its own
    assert fixed[notebook[4]].endswith("model = Net()\nmodel(keras.Input((32,)))")
    silence = next(action["edit"] for action in actions if "ignore" in action["title"].lower())
    assert changed(notebook, apply_edit(notebook.texts, silence, encoding)) == {notebook[5]}
    nothing = await notebook.ask(
        "textDocument/codeAction", 6, range=notebook.whole(6), context={"diagnostics": []}
    )
    assert nothing == []

    status = await client.wait_for_status(notebook[6], "unavailable")
    assert "not trusted" in status["reason"]
    for method in ("kerasLsp/model", "kerasLsp/modelAt"):
        params = {**notebook.at(5, "layers[0]", 7), "uri": notebook[5], "view": True}
        answer = await client.request(method, params)
        assert answer["uri"] == notebook[5]
    model = await client.request("kerasLsp/model", {"uri": notebook[5], "view": True})
    assert model["document"] == notebook.uri
    hidden = next(layer for layer in model["view"]["layers"] if layer["className"] == "Dense")
    assert hidden["made"]["uri"] == notebook[2]
    assert shown(notebook, 2, hidden["made"]) == "layers.Dense(64)"
    pin = await command(client, "kerasLsp.pinInput", notebook[5], "Net", "(None, 16)")
    pinned = apply_edit(notebook.texts, pin, encoding)
    assert changed(notebook, pinned) == {notebook[2]}
    assert "input=(None, 16)" in pinned[notebook[2]].splitlines()[1]
    assert "doctor" in await command(client, "kerasLsp.doctor", notebook[5])


async def test_while_typing(client: Client) -> None:
    """Completion, its documentation and signature help in a cell that is not finished, and around it."""
    notebook = Notebook(
        client, "untitled:Untitled-1.ipynb", IMPORTS, CLASS, "m = Net()\nm.layers[", "m.layers[0]"
    )
    items = await client.request("textDocument/completion", notebook.at(2, "layers[", 7))
    assert [item["label"] for item in items][:2] == ["0", "1"]
    assert shown(notebook, 2, items[0]["textEdit"]["range"]) == ""
    notebook.edit(2, "m = Net()\nlayer = layers.De")
    items = await client.request("textDocument/completion", notebook.at(2, "layers.De", 9))
    dense = next(item for item in items if item["label"] == "Dense")
    assert shown(notebook, 2, dense["textEdit"]["range"]) == "De"
    resolved = await client.request("completionItem/resolve", dense)
    assert "densely-connected" in resolved["documentation"]["value"]
    notebook.edit(2, 'm = Net()\nlayer = layers.Dense(3, """')
    found = await client.request("textDocument/signatureHelp", notebook.at(2, "(3", 2))
    assert found["signatures"][0]["label"].startswith("Dense(units")
    notebook.edit(2, "m = Net()\nlayer = layers.Dense(3, ")
    hover = await client.request("textDocument/hover", notebook.at(3, "layers[0]", 7))
    assert "hidden" in hover["contents"]["value"]  # an open bracket does not reach into the next cell
    items = await client.request("textDocument/completion", notebook.at(0, "%pip", 3))
    assert items == []


async def test_cells_come_and_go(client: Client) -> None:
    notebook = Notebook(
        client, "file:///nowhere/n.ipynb", IMPORTS, CLASS, "model = Net()", "model.layers[0].weights[0]"
    )
    use = notebook[3]
    assert codes(await client.wait_for_diagnostics(use, bool)) == {"KL101"}
    notebook.replace(3, 0, "model(keras.Input((32,)))")  # before the use
    assert await client.wait_for_diagnostics(use, lambda found: not found) == []
    notebook.move(3, 4)
    assert codes(await client.wait_for_diagnostics(use, bool)) == {"KL101"}
    notebook.replace(3, 1)
    assert await client.wait_for_diagnostics(use, lambda found: not found) == []
    notebook.replace(3, 0, TITLE, "model = Net()\nmodel.layers[0].weights[0]")
    again = notebook[4]
    assert codes(await client.wait_for_diagnostics(again, bool)) == {"KL101"}
    notebook.edit(4, "model.layers[0].weights[0]  # keras-lsp: ignore[KL101]")
    assert await client.wait_for_diagnostics(again, lambda found: not found) == []
    notebook.edit(4, "model.layers[0].weights[0]")
    assert codes(await client.wait_for_diagnostics(again, bool)) == {"KL101"}
    notebook.close()
    assert await client.wait_for_diagnostics(again, lambda found: not found) == []
    assert await client.request("textDocument/hover", notebook.at(1, "self.hidden", 6)) is None


async def test_what_no_client_should_send(client: Client) -> None:
    """It is logged, not answered with a crash; what can be understood counts."""
    notebook = Notebook(client, "file:///nowhere/n.ipynb")
    assert (await client.request("kerasLsp/model", {"uri": notebook.uri, "view": True}))["state"] == "static"
    client.notify(
        "notebookDocument/didChange",
        {"notebookDocument": {"uri": "file:///other.ipynb", "version": 2}, "change": {"cells": {}}},
    )
    client.notify("notebookDocument/didSave", {"notebookDocument": {"uri": notebook.uri}})
    content = {"document": {"uri": "nowhere:", "version": 3}, "changes": [{"text": "x"}]}
    client.notify(
        "notebookDocument/didChange",
        {
            "notebookDocument": {"uri": notebook.uri, "version": 2},
            "change": {"cells": {"textContent": [content]}},
        },
    )
    notebook.replace(0, 0, IMPORTS, CLASS)
    assert [one["name"] for one in await notebook.ask("textDocument/documentSymbol", 1)] == ["Net"]
    at_notebook = {"textDocument": {"uri": notebook.uri}, "position": {"line": 3, "character": 7}}
    await client.request("textDocument/hover", at_notebook)
    with pytest.raises(ServerError):
        await client.request(
            "workspace/executeCommand",
            {"command": "kerasLsp.pinInput", "arguments": [notebook[0], "Other", "(None, 32)"]},
        )


async def test_what_a_replay_sees(clients: Clients, tmp_path: Path, keras_python: list[str]) -> None:
    """Trusted, in a folder with a module beside the notebook; results move with the cells."""
    (tmp_path / "sizes.py").write_text("UNITS = 48\n", encoding="utf-8")
    options = {"trusted": True, "interpreter": keras_python, "idleSeconds": 0.05}
    client = await clients.start(capabilities=vscode(), options=options, root=tmp_path)
    notebook = Notebook(
        client, (tmp_path / "n.ipynb").as_uri(),
        IMPORTS + "\nfrom sizes import UNITS", CLASS, "model = Net()\n" + USE, BUILT, LATE,
        "y = layers.Dense(7)(hidden)",
    )  # fmt: skip
    await client.wait_for_status(notebook[5], "ready", "failed", "unavailable")
    assert (await client.wait_for_status(notebook[5], "ready"))["state"] == "ready"
    assert await hints(notebook, 5) == {"y": ": (None, 7)"}
    assert ": (None, 48)" in (await hints(notebook, 4)).values()
    assert list((await hints(notebook, 1)).values())[-1] == " → (None, 10)"
    hover = await client.request("textDocument/hover", notebook.at(3, "weights[0]", 2))
    assert "(64, 10)" in hover["contents"]["value"]
    assert "from line 1 of cell 4" in hover["contents"]["value"]
    assert codes(await client.wait_for_diagnostics(notebook[2], bool)) == {"KL101"}
    published = client.sent("textDocument/publishDiagnostics")
    assert {one["uri"] for one in published if one["diagnostics"]} == {notebook[2]}
    card = await client.request("textDocument/hover", notebook.at(4, "layers.Dense(int", 8))
    assert "(None, sizes\\[0])" in card["contents"]["value"]  # unknown, by its name

    # Results keep their places while cells around them change, and new ones come to the cell they belong to.
    notebook.replace(4, 0, "# first\n# second")
    assert await hints(notebook, 6) == {"y": ": (None, 7)"}
    notebook.edit(4, "!ls\n# second\n\n# third")
    assert await hints(notebook, 6) == {"y": ": (None, 7)"}
    seen = len(client.messages)
    notebook.edit(6, "y = layers.Dense(9)(hidden)\nhidden")
    assert ": (None, 48)" in (await hints(notebook, 5)).values()
    await client.wait_for(
        lambda m: (
            m.get("method") == "kerasLsp/status"
            and (m["params"]["uri"], m["params"]["state"]) == (notebook[6], "ready")
        ),
        seen,
    )
    assert await hints(notebook, 6) == {"y": ": (None, 9)"}
    model: Any = await client.request("kerasLsp/model", {"uri": notebook[6], "view": True})
    dense = [layer for layer in model["replay"]["layers"] if layer["className"] == "Dense"]
    assert {layer["range"].get("uri", notebook[6]) for layer in dense} >= {
        notebook[1],
        notebook[5],
        notebook[6],
    }
    await client.request(
        "workspace/executeCommand", {"command": "kerasLsp.rebuild", "arguments": [notebook[6]]}
    )
