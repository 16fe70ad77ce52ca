"""Pinning a guessed input over the wire: the action, the edit, and what is shown afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol.client import Client, ServerError, apply_edit

if TYPE_CHECKING:
    from tests.protocol.conftest import Clients

URI = "file:///nowhere/guess.py"
TEXT = """\
import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(8, 3, padding="same")

    def call(self, images):
        return self.conv(images)


model = Net()
"""


async def actions(client: Client, text: str, needle: str) -> list[dict[str, Any]]:
    place = client.place(URI, text, text.index(needle))["position"]
    asked = {
        "textDocument": {"uri": URI},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": []},
    }
    found: list[dict[str, Any]] = await client.request("textDocument/codeAction", asked)
    return found


async def card(client: Client, text: str) -> str:
    found = await client.request("textDocument/hover", client.place(URI, text, text.index("conv =")))
    shown: str = found["contents"]["value"]
    return shown


async def test_a_pinned_guess_is_no_guess(clients: Clients, keras_python: list[str]) -> None:
    client = await clients.start(options={"trusted": True, "interpreter": keras_python})
    client.open(URI, TEXT)
    await client.wait_for_status(URI, "ready")
    assert "guess" in await card(client, TEXT)
    (pin,) = await actions(client, TEXT, "Net(keras")
    assert pin["title"] == "Pin the input shape (None, 64, 64, 3) for `Net`"
    assert "diagnostics" not in pin
    pinned = apply_edit({URI: TEXT}, pin["edit"], client.encoding)[URI]
    assert "# keras-lsp: input=(None, 64, 64, 3)\nclass Net" in pinned

    other = pinned.replace("(None, 64, 64, 3)", "(None, 28, 28, 1)")  # the comment is the user's now
    client.change(URI, 2, other)
    await client.wait_for_status(URI, "building")
    await client.wait_for_status(URI, "ready")
    shown = await card(client, other)
    assert "guess" not in shown
    assert "(None, 28, 28, 8)" in shown
    assert not any(one["title"].startswith("Pin") for one in await actions(client, other, "Net(keras"))

    half = pinned.replace("64, 64, 3)", "64, 6")
    client.change(URI, 3, half)
    await client.wait_for_status(URI, "building")
    await client.wait_for_status(URI, "ready")
    assert "guess" in await card(client, half)
    assert [one["title"] for one in await actions(client, half, "Net(keras")] == [pin["title"]]


async def test_a_shape_that_cannot_be_read_is_refused(client: Client) -> None:
    client.open(URI, TEXT)
    for shape in ("(None, 32", "32", "(None, units)"):
        arguments = {"command": "kerasLsp.setInputShape", "arguments": ["Net", shape]}
        with pytest.raises(ServerError):
            await client.request("workspace/executeCommand", arguments)


async def test_any_input_can_be_written_into_the_text(client: Client) -> None:
    async def pinned(text: str, shape: str) -> str:
        client.open(URI, text)
        asked = {"command": "kerasLsp.pinInput", "arguments": [URI, "Net", shape]}
        edit = await client.request("workspace/executeCommand", asked)
        client.close(URI)
        return apply_edit({URI: text}, edit, client.encoding)[URI]

    once = await pinned(TEXT, "(None, 28, 28, 1)")
    assert once == TEXT.replace("class Net", "# keras-lsp: input=(None, 28, 28, 1)\nclass Net")
    assert await pinned(once, "int32(None, 8)") == once.replace("(None, 28, 28, 1)", "int32(None, 8)")
    for name, shape in (("Net", "(None, 28"), ("Other", "(None, 28)")):
        client.open(URI, TEXT)
        asked = {"command": "kerasLsp.pinInput", "arguments": [URI, name, shape]}
        with pytest.raises(ServerError):
            await client.request("workspace/executeCommand", asked)
