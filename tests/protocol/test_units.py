"""Parts of the rim that need no server: frames, splices, processes, capabilities."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcInvalidParams

from keras_lsp.lsp import from_lsp, process_watch
from keras_lsp.lsp.client import Client
from keras_lsp.lsp.lifecycle import is_strict
from keras_lsp.lsp.sync import changed
from keras_lsp.lsp.transport import PipeWriter, read_body
from keras_lsp.lsp.wiring import guarded
from keras_lsp.text.line_index import Encoding
from tests.protocol.client import PULLING_CAPABILITIES, position

TEXT = st.text(alphabet="ab\n\r\f\u2028é中😀", max_size=30)


@given(TEXT, TEXT, st.sampled_from(Encoding), st.data())
def test_a_range_is_replaced_exactly(text: str, new: str, encoding: Encoding, data: st.DataObject) -> None:
    places = [n for n in range(len(text) + 1) if text[n - 1 : n + 1] != "\r\n"]
    start, end = sorted((data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))))
    where = types.Range(
        types.Position(**position(text, start, encoding.value)),
        types.Position(**position(text, end, encoding.value)),
    )
    change = types.TextDocumentContentChangePartial(range=where, text=new)
    assert changed(text, [change], encoding) == text[:start] + new + text[end:]


def test_a_range_outside_the_text_is_clamped() -> None:
    where = types.Range(types.Position(1, 99), types.Position(99, 0))
    change = types.TextDocumentContentChangePartial(range=where, text="!")
    assert changed("a\nbc\nd", [change], Encoding.UTF16) == "a\nbc!"


def test_a_range_that_ends_before_it_starts_is_an_insertion() -> None:
    where = types.Range(types.Position(0, 2), types.Position(0, 1))
    change = types.TextDocumentContentChangePartial(range=where, text="!")
    assert changed("abc", [change], Encoding.UTF16) == "ab!c"


async def bodies(*chunks: bytes) -> list[bytes]:
    reader = asyncio.StreamReader()
    for chunk in chunks:
        reader.feed_data(chunk)
    reader.feed_eof()
    found = []
    while (body := await read_body(reader)) is not None:
        found.append(body)
    return found


async def test_frames() -> None:
    assert await bodies(b"Content-Length: 2\r\n\r\nab", b"Content-Length: 1\r\n\r\nc") == [b"ab", b"c"]
    assert await bodies(b"Content-Le", b"ngth: 2\r", b"\n\r\na", b"b") == [b"ab"]
    assert await bodies(b"Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\nc") == [b"", b"c"]
    assert await bodies(b"nonsense\r\n\r\nContent-Length: 1\r\n\r\nc") == [b"c"]
    assert await bodies(b"Content-Length: 1\r\n\r\nabcContent-Length: 1\r\n\r\nc") == [b"a", b"c"]
    assert await bodies(b"Content-Length: 5\r\n\r\nab") == []
    assert await bodies() == []


@pytest.mark.parametrize("uri", ["file://[", "file:///a%00b.py", "untitled:a", "", "model.py"])
def test_a_uri_that_names_no_file(uri: str) -> None:
    assert from_lsp.path(uri) is None


def test_a_reader_that_is_gone_is_reported_not_raised() -> None:
    incoming, outgoing = os.pipe()
    os.close(incoming)
    gone: list[bool] = []
    writer = PipeWriter(outgoing)
    writer.on_gone = lambda: gone.append(True)
    writer.write(b"x")
    os.close(outgoing)
    assert gone == [True]


async def test_waiting_for_a_process() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    assert process_watch.is_alive(process.pid)
    waiting = asyncio.create_task(process_watch.gone(process.pid))
    await asyncio.sleep(0)  # it waits by now: of one that has been reaped it cannot tell
    process.kill()
    assert await waiting
    await process.wait()
    assert not process_watch.is_alive(process.pid)
    assert not await process_watch.gone(process.pid)


@pytest.mark.parametrize("pid", [0, -1, 2**31 - 1, 2**70])
def test_numbers_that_are_no_process(pid: int) -> None:
    assert not process_watch.is_alive(pid)


def capabilities(data: object) -> types.ClientCapabilities:
    return get_converter().structure(data, types.ClientCapabilities)


def test_a_client_that_can_do_everything() -> None:
    document = {
        **PULLING_CAPABILITIES["textDocument"],
        "inlayHint": {"resolveSupport": {"properties": ["tooltip", "label.location"]}},
    }
    document["completion"] = {**document["completion"], "completionList": {"itemDefaults": ["editRange"]}}
    can = {**PULLING_CAPABILITIES, "textDocument": document}
    full = asdict(Client.of(capabilities(can), Encoding.UTF8))
    abilities = {name: value for name, value in full.items() if isinstance(value, bool)}
    assert len(abilities) > 15
    assert all(abilities.values()), full


def test_a_client_that_says_nothing_can_do_nothing() -> None:
    assert Client.of(capabilities({}), Encoding.UTF16) == Client()
    assert not any(value for name, value in asdict(Client()).items() if name != "encoding")


@pytest.mark.parametrize(
    ("kinds", "markdown"),
    [
        (["markdown"], True),
        (["markdown", "plaintext"], True),
        (["plaintext", "markdown"], False),
        ([], False),
    ],
)
def test_the_first_kind_of_text_is_the_preferred_one(kinds: list[str], markdown: bool) -> None:
    offered = {"textDocument": {"hover": {"contentFormat": kinds}}}
    assert Client.of(capabilities(offered), Encoding.UTF16).markdown_hover is markdown


def failing(_params: object) -> None:
    raise ZeroDivisionError


def refusing(_params: object) -> None:
    raise JsonRpcInvalidParams("not like this")


async def test_a_bug_of_ours_is_logged_and_answered_with_nothing(caplog: pytest.LogCaptureFixture) -> None:
    handle = guarded("textDocument/hover", failing, strict=False)
    assert await handle({"position": 3}) is None
    assert "textDocument/hover failed: {'position': 3}" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_a_bug_of_ours_is_an_error_in_strict_mode() -> None:
    with pytest.raises(ZeroDivisionError):
        await guarded("textDocument/hover", failing, strict=True)({})


async def test_a_mistake_of_the_client_is_an_error_in_any_mode() -> None:
    with pytest.raises(JsonRpcInvalidParams):
        await guarded("kerasLsp/model", refusing, strict=False)({})


@pytest.mark.parametrize(
    ("environment", "strict"),
    [({}, False), ({"KERAS_LSP_STRICT": "1"}, True), ({"KERAS_LSP_STRICT": "0"}, False)],
)
def test_strictness_is_asked_for(environment: dict[str, str], strict: bool) -> None:
    assert is_strict(environment) is strict
