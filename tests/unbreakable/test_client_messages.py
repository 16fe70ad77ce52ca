"""A client that sends what it likes in any order: one response each, and the text stays the client's."""

from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.protocol.client import PATIENCE, Message
from tests.unbreakable.any_text import CHANGES, PIECES, PLACES, RANGES, TEXTS, edited
from tests.unbreakable.length import tries
from tests.unbreakable.shared_server import SharedServer, count_responses

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a uri names need not exist, nor be a path, nor be a uri.
NAMES = [
    "file:///nowhere/{}/model.py",
    "untitled:Untitled-{}",
    "file:///n%C3%B6%00/{}.py",
    "file://[{}",
    "no-uri-{}",
]
AT_A_PLACE = ["hover", "completion", "definition", "typeDefinition", "signatureHelp", "documentHighlight"]
OF_A_DOCUMENT = ["documentSymbol", "codeLens"]
REQUEST_CANCELLED = -32800
EXPECTED = {-32700, -32600, -32601, -32602, REQUEST_CANCELLED}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NOTIFICATIONS = ["textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "initialized"]
NOTIFICATIONS += [
    "notebookDocument/didOpen",
    "notebookDocument/didChange",
    "workspace/didChangeConfiguration",
]
NOTIFICATIONS += ["workspace/didChangeWorkspaceFolders", "kerasLsp/trust", "$/cancelRequest", "$/setTrace"]
NOTIFICATIONS += ["textDocument/didSave", "workspace/didChangeWatchedFiles", "$/progress", "no/such"]
REQUESTS = [
    f"textDocument/{name}" for name in (*AT_A_PLACE, *OF_A_DOCUMENT, "inlayHint", "rename", "codeAction")
]
REQUESTS += [
    "workspace/symbol",
    "workspace/executeCommand",
    "kerasLsp/model",
    "kerasLsp/modelAt",
    "initialize",
]
REQUESTS += ["completionItem/resolve", "textDocument/references", "textDocument/prepareRename", "no/such"]
NO_FRAMES = [b"\r\n\r\n", b"Content-Length: x\r\n\r\n", b"Content-Length: -1\r\n\r\n", b"\x00\xff\r\n\r\n"]
NO_FRAMES += [b"Content-Length: 99999999999999\r\n\r\n", b"GET / HTTP/1.1\r\nHost: me\r\n\r\n"]
NO_JSON = [b"", b"{", b"\xff", b"[" * 50_000, b"nan", b'"', b'{"jsonrpc": "2.0", "method": "exit"']


class AnyClient(RuleBasedStateMachine):
    """Its documents are its own, so that no example sees what another one did."""

    server: ClassVar[SharedServer]
    examples: ClassVar[Iterator[int]] = itertools.count()

    @initialize()
    def begin(self) -> None:
        self.client = self.server.client
        example = next(self.examples)
        self.uris = [name.format(example) for name in NAMES]
        self.texts: dict[str, str] = {}  # of the open documents
        self.version = 0
        self.asked: list[int | str] = []
        self.refused = 0  # what got a response without an id

    def next_version(self) -> int:
        self.version += 1
        return self.version

    # -- documents

    @rule(name=st.integers(0, len(NAMES) - 1), text=TEXTS)
    def open_or_open_again(self, name: int, text: str) -> None:
        uri = self.uris[name]
        self.client.open(uri, text, version=self.next_version())
        self.texts[uri] = text

    @rule(name=st.integers(0, len(NAMES) - 1), old=st.booleans(), changes=CHANGES)
    def change(self, name: int, old: bool, changes: list[Message]) -> None:
        """Also of what is not open, or not any more, and with a version that was there before."""
        uri = self.uris[name]
        self.client.change(uri, 0 if old else self.next_version(), *changes)
        if uri in self.texts:
            for change in changes:
                self.texts[uri] = edited(self.texts[uri], change)

    @rule(name=st.integers(0, len(NAMES) - 1))
    def close_or_close_again(self, name: int) -> None:
        self.client.close(self.uris[name])
        self.texts.pop(self.uris[name], None)

    @rule(name=st.integers(0, len(NAMES) - 1), lines=st.integers(1000, 20_000), line=st.sampled_from(PIECES))
    @precondition(lambda self: self.version % 7 == 3)
    def open_something_huge(self, name: int, lines: int, line: str) -> None:
        uri, text = (
            self.uris[name],
            f"import keras\nmodel = keras.Sequential()\n{'# ' + line.strip() * 9}\n" * 9,
        )
        text += "#" * lines * 50
        self.client.open(uri, text, version=self.next_version())
        self.texts[uri] = text

    # -- requests

    def ask(self, method: str, params: Any) -> None:
        self.asked.append(self.client.ask(method, params))

    @rule(method=st.sampled_from(AT_A_PLACE), name=st.integers(0, len(NAMES) - 1), place=PLACES)
    def ask_at_a_place(self, method: str, name: int, place: Message) -> None:
        where = {"textDocument": {"uri": self.uris[name]}, "position": place}
        self.ask(f"textDocument/{method}", where)

    @rule(name=st.integers(0, len(NAMES) - 1), where=RANGES)
    def ask_for_a_range(self, name: int, where: Message) -> None:
        asked = {"textDocument": {"uri": self.uris[name]}, "range": where, "context": {"diagnostics": []}}
        self.ask("textDocument/inlayHint", asked)
        self.ask("textDocument/codeAction", asked)

    @rule(method=st.sampled_from(REQUESTS), params=JSON)
    def ask_nonsense(self, method: str, params: Any) -> None:
        self.ask(method, params)

    @rule(behind=st.integers(0, 3))
    def cancel(self, behind: int) -> None:
        """What was asked last, long ago, or never."""
        request = self.asked[-1 - behind] if behind < len(self.asked) else -behind
        self.client.notify("$/cancelRequest", {"id": request})

    # -- what no client should send

    @rule(
        method=st.sampled_from(NOTIFICATIONS), params=JSON.filter(lambda params: not isinstance(params, dict))
    )
    def notify_nonsense(self, method: str, params: Any) -> None:
        self.client.notify(method, params)

    @rule(body=st.sampled_from(NO_JSON))
    def send_no_json(self, body: bytes) -> None:
        self.client.send_body(body)
        self.refused += 1

    @rule(message=JSON)
    def send_no_message(self, message: Any) -> None:
        self.client.send(message)
        self.refused += 1

    @rule(data=st.sampled_from(NO_FRAMES))
    def send_no_frame(self, data: bytes) -> None:
        self.client.send_bytes(data)

    @rule(off=st.integers(-20, 20).filter(bool))
    def send_a_wrong_length(self, off: int) -> None:
        """What comes at once behind it may be lost with it; what comes then is not."""
        body = json.dumps({"jsonrpc": "2.0", "method": "no/such", "params": [1, 2, 3]}).encode()
        self.client.send_bytes(b"Content-Length: %d\r\n\r\n" % (len(body) + off) + body)
        for _ in range(2):
            self.client.notify("no/such", [])
        self.refused += 1

    @rule(size=st.integers(1, 40))
    def send_in_pieces(self, size: int) -> None:
        self.asked.append(f"pieces-{len(self.asked)}")
        body = json.dumps({"jsonrpc": "2.0", "id": self.asked[-1], "method": "no/such"}).encode()
        frame = b"Content-Length: %d\r\n\r\n" % len(body) + body
        for start in range(0, len(frame), size):
            self.client.send_bytes(frame[start : start + size])
            time.sleep(0.0002)  # not in the loop, where the client may have something to say meanwhile

    # -- what must hold

    @rule(name=st.integers(0, len(NAMES) - 1), place=PLACES)
    def read_anew(self, name: int, place: Message) -> None:
        """After its edits a document is told as one that is opened with the text it must have by now."""
        uri = self.uris[name]
        if uri not in self.texts:
            asked = {"textDocument": {"uri": uri}}
            assert self.server.request("textDocument/documentSymbol", asked) is None
            return
        anew = uri.replace("nowhere", "elsewhere") if "nowhere" in uri else f"{uri}-anew"
        self.client.open(anew, self.texts[uri])
        give_up = time.monotonic() + PATIENCE
        while (told := self.answers(uri, place)) != (wanted := self.answers(anew, place)):
            assert time.monotonic() < give_up, (told, wanted)
            self.server.wait(0.01)  # a look into other files may still be under way
        self.client.close(anew)

    def answers(self, uri: str, place: Message) -> list[Any]:
        document = {"textDocument": {"uri": uri}}
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 2**31 - 1, "character": 0}}
        asked: list[tuple[str, Any]] = [(f"textDocument/{name}", document) for name in OF_A_DOCUMENT]
        asked += [("textDocument/inlayHint", document | {"range": whole})]
        asked += [(f"textDocument/{name}", document | {"position": place}) for name in AT_A_PLACE]
        told = [self.server.request(method, params) for method, params in asked]
        assert told[0] is not None, f"{uri} is open"
        return json.loads(json.dumps(told).replace(json.dumps(uri)[1:-1], "URI"))  # type: ignore[no-any-return]  # JSON

    def teardown(self) -> None:
        if not hasattr(self, "client"):
            return
        for uri in self.texts:
            self.client.close(uri)
        self.server.wait_for_answers(self.asked)
        said = self.server.taken()
        answered = count_responses(said)
        assert {request: answered[request] for request in self.asked if answered[request] != 1} == {}
        assert answered[None] == self.refused
        for message in said:
            assert message.get("jsonrpc") == "2.0"
            error = message.get("error")
            assert error is None or error["code"] in EXPECTED, message
            assert message.get("method") != "window/showMessage", message
        assert "Traceback" not in self.client.stderr, self.client.stderr


@pytest.fixture(scope="module")
def server() -> Iterator[SharedServer]:
    with SharedServer() as started:
        yield started
        assert started.run(started.client.shutdown()) == 0


def test_any_client(server: SharedServer) -> None:
    AnyClient.server = server
    run_state_machine_as_test(AnyClient, settings=tries(short=30, long=6000, steps=30))
