"""Every feature over the wire, with text before the places that counts differently in each encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol.client import (
    Client,
    Message,
    ServerError,
    apply_edit,
    items_of,
    label_of,
    offset_of,
    text_at,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.conftest import Clients

URI = "file:///nowhere/model.py"
ENCODINGS = ["utf-8", "utf-16", "utf-32"]
TEXT = """\
import keras


class 模型(keras.Model):
    def __init__(self):
        super().__init__()
        s = "é中😀"; self.dense1 = keras.layers.Dense(64, activation="relu")
        s = "é中😀"; self.dense2 = keras.layers.Dense(10)

    def call(self, 输入):
        s = "é中😀"; x = self.dense1(输入)
        return self.dense2(x)


s = "é中😀"; model = 模型()
s = "é中😀"; model.build((None, 32))
s = "é中😀"; print(model.layers[0].weights[0])
"""
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 1000, "character": 0}}


class Asking:
    """Asks about places of one text; answers with the text at the ranges it gets."""

    def __init__(self, client: Client, text: str = TEXT) -> None:
        self.client, self.text = client, text
        client.open(URI, text)

    async def about(self, request: str, needle: str, into: int = 1) -> Any:
        place = self.client.place(URI, self.text, self.text.index(needle) + into)
        return await self.client.request(f"textDocument/{request}", place)

    def at(self, span: Message) -> str:
        return text_at(self.text, span, self.client.encoding)

    async def hover(self, needle: str, into: int = 1) -> tuple[str, str]:
        found = await self.about("hover", needle, into)
        return self.at(found["range"]), found["contents"]["value"]

    async def actions(self, span: Message) -> list[Message]:
        params = {"textDocument": {"uri": URI}, "range": span, "context": {"diagnostics": []}}
        found: list[Message] = await self.client.request("textDocument/codeAction", params)
        return found

    async def hints(self) -> dict[str, str]:
        """What stands before each hint on its line, and the hint."""
        params = {"textDocument": {"uri": URI}, "range": ALL}
        found = await self.client.request("textDocument/inlayHint", params)
        ends = [
            (offset_of(self.text, hint["position"], self.client.encoding), label_of(hint)) for hint in found
        ]
        return {self.text[:end].rsplit("\n", 1)[-1].strip(): label for end, label in ends}


async def names_and_places(asking: Asking) -> None:
    """What is about the text alone, with or without a replay."""
    assert (await asking.hover("self.dense1 =", 6))[0] == "self.dense1"
    assert (await asking.hover("self.dense1(", 6))[0] == "self.dense1"
    for use in ("self.dense1(", "model.layers[0]"):
        (place,) = await asking.about("definition", use, len(use) - 2)
        assert "dense1" in asking.text.splitlines()[place["range"]["start"]["line"]]
    (net, model) = await asking.client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    assert (asking.at(net["selectionRange"]), asking.at(model["selectionRange"])) == ("模型", "model")
    slots = {child["name"]: child for child in net["children"]}
    assert "self.dense2" in asking.at(slots["dense2"]["range"])
    items = await asking.about("completion", "self.dense1(", 5)
    edits = {item["label"]: item["textEdit"] for item in items}
    assert asking.at(edits["dense2"]["range"]) == "dense1"
    assert edits["dense2"]["newText"] == "dense2"
    await uses_and_names(asking)


async def uses_and_names(asking: Asking) -> None:
    client, text = asking.client, asking.text
    place = client.place(URI, text, text.index("self.dense1(") + 6)
    everywhere = ["dense1", "dense1", "model.layers[0]"]
    for declared, expected in ((True, everywhere), (False, everywhere[1:])):
        asked = {**place, "context": {"includeDeclaration": declared}}
        found = await client.request("textDocument/references", asked)
        assert [asking.at(one["range"]) for one in found] == expected
    marks = await client.request("textDocument/documentHighlight", place)
    assert [(asking.at(one["range"]), one["kind"]) for one in marks] == [
        ("dense1", 3),
        ("dense1", 2),
        ("model.layers[0]", 2),
    ]
    asked = await client.request("textDocument/prepareRename", place)
    assert (asking.at(asked["range"]), asked["placeholder"]) == ("dense1", "dense1")
    edit = await client.request("textDocument/rename", {**place, "newName": "入口"})
    renamed = apply_edit({URI: text}, edit, client.encoding)[URI]
    assert renamed == text.replace(".dense1", ".入口")
    with pytest.raises(ServerError, match="no name that an attribute can have"):
        await client.request("textDocument/rename", {**place, "newName": "1st"})
    nothing = client.place(URI, text, text.index("import keras"))
    assert await client.request("textDocument/prepareRename", nothing) is None
    (lens,) = await client.request("textDocument/codeLens", {"textDocument": {"uri": URI}})
    assert asking.at(lens["range"]) == "模型"
    model = await client.request("workspace/executeCommand", lens["command"])
    assert (model["uri"], model["version"]) == (URI, 1)
    symbols = await client.request("workspace/symbol", {"query": "dense2"})
    assert [(one["name"], one["containerName"]) for one in symbols] == [("dense2", "模型")]


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_places_without_a_replay(clients: Clients, encoding: str) -> None:
    client = await clients.start(encodings=[encoding])
    asking = Asking(client)
    await names_and_places(asking)
    _, card = await asking.hover("self.dense1 =", 6)
    assert "Dense" in card
    assert "trust" in card.lower()


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_everything_with_a_replay(clients: Clients, encoding: str, keras_python: list[str]) -> None:
    options = {"trusted": True, "interpreter": keras_python}
    client = await clients.start(encodings=[encoding], options=options)
    asking = Asking(client)
    await client.wait_for_status(URI, "ready")
    await names_and_places(asking)

    assert "kernel  (32, 64)" in (await asking.hover("self.dense1(", 6))[1]
    span, card = await asking.hover("model.layers[0]", len("model.layers[0"))
    assert span.endswith("layers[0]")
    assert "(None, 64)" in card
    items = await asking.about("completion", "model.layers[0]", len("model.layers["))
    details = {item["label"]: item["detail"] for item in items}
    assert "Dense" in details["0"]
    assert "(None, 64)" in details["0"]
    assert {item["label"]: item["labelDetails"]["description"] for item in items} == details
    hints = await asking.hints()
    assert "(None, 64)" in hints['s = "é中😀"; x']
    await the_mistake_can_be_mended(asking)


async def the_mistake_can_be_mended(asking: Asking) -> None:
    client = asking.client
    found = await client.wait_for_diagnostics(URI, lambda all_: any(one["code"] == "KL101" for one in all_))
    (use,) = [one for one in found if one["code"] == "KL101"]
    assert asking.at(use["range"]) == "model.layers[0].weights[0]"
    causes = [asking.at(one["location"]["range"]) for one in use["relatedInformation"]]
    assert causes == ["model.build((None, 32))"]
    fix, *_ = await asking.actions(use["range"])
    assert fix["kind"] == "quickfix"
    assert fix["edit"]["documentChanges"][0]["textDocument"] == {"uri": URI, "version": 1}
    mended = apply_edit({URI: asking.text}, fix["edit"], client.encoding)[URI]
    assert "keras.Input((32,))" in mended
    compile(mended, "model.py", "exec")
    client.change(URI, 2, mended)
    assert await client.wait_for_diagnostics(URI, lambda all_: not all_) == []


async def test_the_unsaved_text_counts(clients: Clients, keras_python: list[str], tmp_path: Path) -> None:
    saved = tmp_path / "model.py"
    saved.write_text(TEXT, encoding="utf-8")
    client = await clients.start(options={"trusted": True, "interpreter": keras_python}, root=tmp_path)
    uri = saved.as_uri()
    unsaved = TEXT.replace("Dense(64", "Dense(128")
    client.open(uri, unsaved)
    await client.wait_for_status(uri, "ready")
    place = client.place(uri, unsaved, unsaved.index("self.dense1(") + 6)
    assert "kernel  (32, 128)" in (await client.request("textDocument/hover", place))["contents"]["value"]
    newest = TEXT.replace("Dense(64", "Dense(256")
    client.change(uri, 2, newest)
    await client.wait_for_status(uri, "building")
    await client.wait_for_status(uri, "ready")
    card = (await client.request("textDocument/hover", place))["contents"]["value"]
    assert "kernel  (32, 256)" in card
    model = await client.request("kerasLsp/model", {"uri": uri, "position": place["position"]})
    shown = {layer["id"]: layer for layer in model["replay"]["layers"]}
    (here,) = model["replay"]["here"]
    assert shown[here]["weights"][0]["shape"] == [32, 256]
    (flow,) = shown[here]["flows"]
    (called,) = flow["ranges"]
    assert text_at(newest, called, client.encoding) == "self.dense1(输入)"
    assert shown[here]["cost"]["flops"] == 2 * 32 * 256 + 2 * 256
    asked = {"uri": uri, "view": True, "replay": False}
    answer = await client.request("kerasLsp/model", asked)
    assert answer["replay"] is None
    (made,) = [layer["made"] for layer in answer["view"]["layers"] if layer["id"] == here]
    assert text_at(newest, made, client.encoding).startswith("keras.layers.Dense(256")
    at = await client.request("kerasLsp/modelAt", {"uri": uri, "position": place["position"]})
    assert at == {"uri": uri, "version": 2, "here": [here]}
    began = [p["token"] for p in client.sent("$/progress") if p["value"]["kind"] == "begin"]
    ended = [p["token"] for p in client.sent("$/progress") if p["value"]["kind"] == "end"]
    assert began == ended
    assert began  # importing Keras takes longer than anybody waits without a word
    assert client.sent("workspace/inlayHint/refresh")
    assert client.sent("workspace/codeLens/refresh")


@pytest.mark.parametrize("properties", [["tooltip", "label.location"], ["tooltip", "location"], ["tooltip"]])
async def test_a_hint_is_told_whole_at_once_or_when_it_is_looked_at(
    clients: Clients, keras_python: list[str], properties: list[str]
) -> None:
    can = {"textDocument": {"inlayHint": {"resolveSupport": {"properties": properties}}}}
    client = await clients.start(options={"trusted": True, "interpreter": keras_python}, capabilities=can)
    asking = Asking(client, TEXT + "out = model(keras.Input((32,)))\n")
    await client.wait_for_status(URI, "ready")
    params = {"textDocument": {"uri": URI}, "range": ALL}
    (first,) = (
        hint
        for hint in await client.request("textDocument/inlayHint", params)
        if ": (None, 64)" in label_of(hint)
    )
    if properties == ["tooltip"]:  # what it cannot ask for later comes at once
        assert (first["tooltip"], "data" in first) == ("(None, 64) float32", False)
        return
    assert "tooltip" not in first
    whole = await client.request("inlayHint/resolve", first)
    assert (label_of(whole), whole["tooltip"]) == (label_of(first), "(None, 64) float32")
    (part,) = whole["label"]
    assert "self.dense1" in asking.at(part["location"]["range"])
    for other in (
        {**first, "label": ": (None, 65)"},  # the text is another by now
        {**first, "position": {"line": 0, "character": 0}},
        {**first, "data": "file:///closed.py"},
        {**first, "data": None},
    ):
        assert await client.request("inlayHint/resolve", other) == {k: v for k, v in other.items() if v}


async def test_completions_share_what_they_replace_where_the_client_takes_it_so(clients: Clients) -> None:
    text = TEXT.replace('activation="relu"', 'activation=""') + "keras.layers.De\nker\nmodel.layers[0].\n"
    ends = ("keras.layers.De", "\nker", "model.layers[", "self.dense1", 'activation="', "Dense(64, ")
    told = []
    for properties in ([], ["editRange", "data"]):
        can: Message = {"completionItem": {"snippetSupport": True}}
        can["completionList"] = {"itemDefaults": properties}
        client = await clients.start(capabilities={"textDocument": {"completion": can}})
        asking = Asking(client, text)
        answers = [await asking.about("completion", end, len(end)) for end in ends]
        assert all(isinstance(answer, dict) is bool(properties) for answer in answers)
        told.append([sorted(items_of(answer), key=lambda item: str(item["label"])) for answer in answers])
    assert told[0] == told[1]
    assert all(told[0])


async def test_a_modest_client_gets_what_it_can_take(clients: Clients, keras_python: list[str]) -> None:
    options = {"trusted": True, "interpreter": keras_python}
    client = await clients.start(options=options, capabilities={})
    asking = Asking(client)
    await client.wait_for_status(URI, "ready")
    found = await asking.about("hover", "self.dense1(", 6)
    assert found["contents"]["kind"] == "plaintext"
    assert "**" not in found["contents"]["value"]
    symbols = await client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    held_by = {symbol["name"]: symbol.get("containerName") for symbol in symbols}
    assert held_by["dense1"] == "模型"
    (use, *_) = await client.wait_for_diagnostics(URI, bool)
    assert "relatedInformation" not in use
    assert await asking.actions(use["range"]) is None  # without literals an action carries no edit
    for request in (
        "workspace/configuration",
        "window/workDoneProgress/create",
        "workspace/inlayHint/refresh",
        "workspace/codeLens/refresh",
    ):
        assert not client.sent(request)


async def test_what_names_a_rule_leads_to_its_text_where_the_client_shows_it(clients: Clients) -> None:
    client = await clients.start(options={"ruleUri": "rules:/{code}.md"})
    text = "import keras\n\ns = '😀'  # keras-lsp: ignore[KL101, no-rule, file-name]\n"
    client.open(URI, text)
    (finding,) = await client.wait_for_diagnostics(URI, bool)
    assert (finding["code"], finding["codeDescription"]) == ("KL902", {"href": "rules:/KL902.md"})
    assert finding["tags"] == [1]  # faded: it does nothing
    links = await client.request("textDocument/documentLink", {"textDocument": {"uri": URI}})
    assert [(text_at(text, link["range"], client.encoding), link["target"]) for link in links] == [
        ("KL101", "rules:/KL101.md"),
        ("file-name", "rules:/KL505.md"),
    ]


@pytest.mark.parametrize("said", [None, "rules:/", 3])
async def test_rules_are_not_linked_for_a_client_that_does_not_show_them(
    clients: Clients, said: object
) -> None:
    client = await clients.start(options={"ruleUri": said}, capabilities={})
    assert "documentLinkProvider" not in client.capabilities
    client.open(URI, "import keras\n\nx = 1  # keras-lsp: ignore[no-rule]\n")
    (finding,) = await client.wait_for_diagnostics(URI, bool)
    assert not {"codeDescription", "tags"} & finding.keys()


async def test_actions_of_other_kinds_are_not_ours(client: Client) -> None:
    client.open(URI, TEXT)
    context = {"diagnostics": [], "only": ["source.organizeImports"]}
    asked = {"textDocument": {"uri": URI}, "range": ALL, "context": context}
    assert await client.request("textDocument/codeAction", asked) == []


async def test_rewrites_are_offered_as_such(client: Client) -> None:
    text = 'import keras\ns = "😀"; m = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\n'
    text += "n = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\n"
    client.open(URI, text)
    for needle, expected in (("m = ", 0), ("n = ", 1)):  # not behind something else on its line
        place = client.place(URI, text, text.index(needle))["position"]
        context = {"diagnostics": [], "only": ["refactor"]}
        asked = {"textDocument": {"uri": URI}, "range": {"start": place, "end": place}, "context": context}
        found = await client.request("textDocument/codeAction", asked)
        assert [one["kind"] for one in found] == ["refactor.rewrite"] * expected
    new = apply_edit({URI: text}, found[0]["edit"], client.encoding)[URI]
    assert new.endswith("\nn = keras.Model(inputs, outputs)\n")
    assert "outputs = keras.layers.Dense(2)(inputs)\n" in new


async def test_selected_layers_are_offered_as_a_block(client: Client) -> None:
    text = 'import keras\n\n\ndef draw(x, s="😀"):\n'
    chain = "    x = keras.layers.Dense(3)(x)\n    x = keras.layers.ReLU()(x)\n"
    client.open(URI, f"{text}{chain}    return x\n")
    lines = [{"line": line, "character": 0} for line in (4, 6)]
    context = {"diagnostics": [], "only": ["refactor.extract"]}
    for start, end, expected in ((0, 1, 1), (0, 0, 0)):
        asked = {"textDocument": {"uri": URI}, "range": {"start": lines[start], "end": lines[end]}}
        found = await client.request("textDocument/codeAction", {**asked, "context": context})
        assert [one["kind"] for one in found] == ["refactor.extract"] * expected
        assert "refactor.extract" in client.capabilities["codeActionProvider"]["codeActionKinds"]
        if found:
            new = apply_edit({URI: f"{text}{chain}    return x\n"}, found[0]["edit"], client.encoding)[URI]
            assert new.startswith(f"import keras\n\n\ndef block(x):\n{chain}    return x\n\n\ndef draw")
            assert new.endswith("    x = block(x)\n    return x\n")


async def test_all_fixes_of_the_file_are_made_where_a_client_asks_for_that_kind(client: Client) -> None:
    client.open(URI, TEXT)
    await client.wait_for_diagnostics(URI, bool)
    context = {"diagnostics": [], "only": ["source.fixAll"]}
    asked = {"textDocument": {"uri": URI}, "range": ALL, "context": context}
    (action,) = await client.request("textDocument/codeAction", asked)
    assert action["kind"] == "source.fixAll.keras-lsp"
    assert action["kind"] in client.capabilities["codeActionProvider"]["codeActionKinds"]
    assert {item["code"] for item in action["diagnostics"]} == {"KL101", "KL102"}
    client.change(URI, 2, apply_edit({URI: TEXT}, action["edit"], client.encoding)[URI])
    await client.wait_for_diagnostics(URI, lambda left: not left)
    assert await client.request("textDocument/codeAction", asked) == []


async def test_commands(client: Client) -> None:
    client.open(URI, TEXT)

    async def run(command: str, *arguments: Any) -> Any:
        params = {"command": f"kerasLsp.{command}", "arguments": list(arguments)}
        return await client.request("workspace/executeCommand", params)

    assert "KL101" in await run("explainRule", "KL101")
    listed = await run("explainRule")
    assert "KL101" in [rule["code"] for rule in listed]
    for rule in listed:
        assert rule["slug"] in await run("explainRule", rule["code"])
        assert rule["why"]
    assert (await run("showModel", URI))["state"] == "unavailable"
    assert await run("showModel", {"uri": "file:///nowhere/else.py"}) is None
    for command in (("rebuild", URI), ("setInputShape", "模型", "(None, 8)"), ("restartWorker",)):
        assert await run(*command) is None


async def test_a_lens_leads_to_a_mistake_where_the_client_shows_places(clients: Clients) -> None:
    text = (
        'import keras\n\n\nclass Net(keras.Model):\n    def call(self, x):\n        s = "😀"; '
        "return keras.layers.Dense(3)(x)\n"
    )
    lenses = {"textDocument": {"uri": URI}}
    client = await clients.start()
    client.open(URI, text)
    (lens,) = await client.request("textDocument/codeLens", lenses)
    assert lens["command"]["title"] == "1 mistake"
    await client.request("workspace/executeCommand", lens["command"])
    asked = (await client.wait_for(lambda m: m.get("method") == "window/showDocument"))["params"]
    assert (asked["uri"], asked["takeFocus"]) == (URI, True)
    assert text_at(text, asked["selection"], client.encoding) == "keras.layers.Dense(3)"
    modest = await clients.start(capabilities={})
    modest.open(URI, text)
    assert await modest.request("textDocument/codeLens", lenses) == []


async def test_every_command_offered_is_there(client: Client) -> None:
    for command in client.capabilities["executeCommandProvider"]["commands"]:
        params = {"command": command, "arguments": [1, 2, 3]}  # of which none takes as many
        with pytest.raises(ServerError, match=r"-32602: (?!there is no command)"):
            await client.request("workspace/executeCommand", params)
