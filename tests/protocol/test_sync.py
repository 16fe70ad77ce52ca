"""The text the server holds is the client's, whatever characters are in it."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from tests.protocol.client import Client, Message, position, text_at

if TYPE_CHECKING:
    from tests.protocol.conftest import Clients

URI = "file:///nowhere/model.py"
MODEL = "import keras\n\n\nclass Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
AWKWARD = 'odd = "\f \u2028 \x85 \x1c é 中 😀 e\u0301"  # \v\n'


async def class_line(client: Client, uri: str = URI) -> int:
    """Where the server sees the class: a document symbol is about nothing but the text."""
    symbols = await client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    (net,) = [symbol for symbol in symbols if symbol["name"] == "Net"]
    line: int = net["selectionRange"]["start"]["line"]
    return line


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
async def test_line_endings(client: Client, ending: str) -> None:
    client.open(URI, (AWKWARD + MODEL).replace("\n", ending))
    assert await class_line(client) == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_whole_new_texts(clients: Clients, encoding: str) -> None:
    client = await clients.start(encodings=[encoding])
    client.open(URI, MODEL)
    assert await class_line(client) == 3
    client.change(URI, 2, AWKWARD + MODEL)
    assert await class_line(client) == 4
    client.change(URI, 3, "", AWKWARD * 3 + MODEL)  # several changes, the last one counts
    assert await class_line(client) == 6


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_ranges_are_understood_although_not_asked_for(clients: Clients, encoding: str) -> None:
    client = await clients.start(encodings=[encoding])
    head = "# \f \u2028 é 中 😀 e\u0301\n"
    client.open(URI, head + MODEL)
    rng = random.Random(encoding)  # noqa: S311 - repeatable edits, no secrets
    for version in range(2, 40):
        text = head + MODEL
        places = [n for n in range(1, len(head)) if re.split(r"\r\n|\n|\r", head[:n])[-1].startswith("#")]
        start, end = sorted(rng.choices(places, k=2))
        new = rng.choice(["", "\n# ", "😀", "\f", "\u2028", "\r\n# é", "\r# \x85"])
        client.change(URI, version, ranged(text, start, end, new, encoding))
        head = head[:start] + new + head[end:]
        assert await class_line(client) == position(head + "\n\n\n", len(head) + 3, encoding)["line"]


async def test_edits_in_one_go_count_one_behind_the_other(client: Client) -> None:
    other = "file:///nowhere/other.py"
    text = MODEL
    client.open(URI, text)
    client.open(other, MODEL)
    for version in range(2, 30):
        client.change(URI, version, ranged(text, 0, 0, "# é\n", client.encoding))
        client.change(other, version, "#\n" * version + MODEL)
        text = "# é\n" + text
    assert await class_line(client) == 28 + 3
    assert await class_line(client, other) == 29 + 3
    client.change(URI, 30, "")
    client.close(URI)
    client.open(URI, MODEL)
    assert await class_line(client) == 3
    client.change(URI, 2, MODEL)
    client.change(URI, 3, MODEL + "\n# keras-lsp: ignore[no-rule]\n")  # and nobody asks
    (finding,) = await client.wait_for_diagnostics(URI, bool)
    assert finding["code"] == "KL902"


def ranged(text: str, start: int, end: int, new: str, encoding: str) -> Message:
    where = {"start": position(text, start, encoding), "end": position(text, end, encoding)}
    return {"range": where, "text": new}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_columns_come_in_the_negotiated_units(clients: Clients, encoding: str) -> None:
    client = await clients.start(encodings=[encoding])
    text = MODEL + '        self.odd = "é中😀"; self.dense = keras.layers.Dense(3)\n'
    client.open(URI, text)
    (net,) = await client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    (dense,) = [symbol for symbol in net["children"] if symbol["name"] == "dense"]
    assert "dense" in text_at(text, dense["selectionRange"], encoding)
    assert (
        dense["selectionRange"]["start"]["character"] == {"utf-8": 32, "utf-16": 27, "utf-32": 26}[encoding]
    )


async def test_changes_of_a_document_that_is_not_open_are_ignored(client: Client) -> None:
    client.change(URI, 2, MODEL)
    client.close(URI)
    assert await client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}}) is None


async def test_a_document_opened_twice_has_the_later_text(client: Client) -> None:
    client.open(URI, MODEL)
    client.open(URI, "\n" + MODEL, version=2)
    assert await class_line(client) == 4


async def test_documents_are_apart(client: Client) -> None:
    other = "untitled:Untitled-1"
    client.open(URI, MODEL)
    client.open(other, "\n\n" + MODEL)
    client.change(URI, 2, "\n" + MODEL)
    assert await class_line(client) == 4
    assert await class_line(client, other) == 5
    client.close(URI)
    assert await class_line(client, other) == 5
    assert await client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}}) is None


async def test_a_request_sees_the_text_at_the_time_it_was_sent(client: Client) -> None:
    """Also when the next change is in the same packet."""
    client.open(URI, MODEL)
    await client.settle()
    before = client.ask("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    client.change(URI, 2, "\n" + MODEL)
    after = client.ask("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    lines = [(await client.answer(n))[0]["selectionRange"]["start"]["line"] for n in (before, after)]
    assert lines == [3, 4]
