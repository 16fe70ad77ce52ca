"""Completion, its resolving, and signature help on Keras's own names, as clients see them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from tests.protocol.client import FULL_CAPABILITIES, apply_edit, position

if TYPE_CHECKING:
    from tests.protocol.client import Client, Json
    from tests.protocol.conftest import Clients

URI = "file:///nowhere/keras_names.py"
TEXT = "import tensorflow as tf\n\nlayer = tf.keras.layers.De"


async def completion(client: Client, text: str = TEXT) -> list[Json]:
    client.open(URI, text)
    items: list[Json] = await client.request("textDocument/completion", client.place(URI, text, len(text)))
    return items


def simple() -> Json:
    """A client that cannot ask for documentation, nor take places in a label."""
    capabilities = copy.deepcopy(FULL_CAPABILITIES)
    del capabilities["textDocument"]["completion"]["completionItem"]["resolveSupport"]
    del capabilities["textDocument"]["signatureHelp"]
    return capabilities


async def test_what_is_announced(client: Client) -> None:
    assert client.capabilities["completionProvider"]["resolveProvider"] is True
    assert "(" in client.capabilities["signatureHelpProvider"]["triggerCharacters"]


async def test_documentation_comes_with_the_item_where_it_cannot_be_asked_for(clients: Clients) -> None:
    client = await clients.start(capabilities=simple())
    dense = next(item for item in await completion(client) if item["label"] == "Dense")
    assert dense["documentation"]["kind"] == "markdown"
    assert "Just your regular densely-connected NN layer." in dense["documentation"]["value"]
    edit = {"changes": {URI: [dense["textEdit"]]}}
    assert apply_edit({URI: TEXT}, edit, client.encoding)[URI].endswith("tf.keras.layers.Dense")


async def test_documentation_of_one_item_when_it_is_asked_for(client: Client) -> None:
    dense = next(item for item in await completion(client) if item["label"] == "Dense")
    assert "documentation" not in dense
    resolved = await client.request("completionItem/resolve", dense)
    assert "Just your regular densely-connected NN layer." in resolved["documentation"]["value"]
    assert resolved["textEdit"] == dense["textEdit"]


async def test_items_that_are_not_ours_come_back_as_they_were(client: Client) -> None:
    for data in (None, 3, {"name": "keras.Nothing", "uri": URI}, {"uri": 3}):
        item = {"label": "x", "data": data} if data is not None else {"label": "x"}
        assert (await client.request("completionItem/resolve", item))["label"] == "x"


async def test_signature_help(clients: Clients) -> None:
    client = await clients.start(capabilities=simple())
    text = "from keras import layers\nlayers.Dense(3, "
    client.open(URI, text)
    found = await client.request("textDocument/signatureHelp", client.place(URI, text, len(text)))
    (signature,) = found["signatures"]
    assert signature["label"].startswith("Dense(units, activation=None, ")
    assert found["activeParameter"] == 1
    assert signature["parameters"][1]["label"] == "activation=None"


async def test_signature_help_with_places_in_the_label(client: Client) -> None:
    text = "from keras import layers\nlayers.Dense("
    client.open(URI, text)
    found = await client.request("textDocument/signatureHelp", client.place(URI, text, len(text)))
    (signature,) = found["signatures"]
    start, end = signature["parameters"][0]["label"]
    assert signature["label"][start:end] == "units"
    assert signature["parameters"][0]["documentation"]["kind"] == "markdown"


async def test_no_signature_is_null(client: Client) -> None:
    text = "print("
    client.open(URI, text)
    place = {"textDocument": {"uri": URI}, "position": position(text, len(text), client.encoding)}
    assert await client.request("textDocument/signatureHelp", place) is None
