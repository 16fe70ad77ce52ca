"""Exactly one response per request, whatever is sent, and the server goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol.client import Client, Message, ServerError

if TYPE_CHECKING:
    from tests.protocol.conftest import Clients

URI = "file:///nowhere/model.py"
DOCUMENT = {"textDocument": {"uri": URI}}
START = {"line": 0, "character": 0}

POSITIONAL = ("textDocument/hover", "textDocument/completion", "textDocument/definition")
UNREADABLE: list[tuple[str, Any]] = [
    *((method, None) for method in POSITIONAL),
    *((method, DOCUMENT) for method in POSITIONAL),  # no position
    *((method, DOCUMENT | {"position": {"line": -1, "character": 0}}) for method in POSITIONAL),
    ("textDocument/hover", DOCUMENT | {"position": {"line": 2**40, "character": 0}}),
    ("textDocument/hover", []),
    ("textDocument/hover", "text"),
    ("textDocument/inlayHint", DOCUMENT),
    ("textDocument/documentSymbol", {}),
    ("textDocument/codeAction", DOCUMENT | {"range": {"start": START, "end": START}}),
    ("workspace/executeCommand", {}),
    ("workspace/executeCommand", {"command": "kerasLsp.noSuchCommand"}),
    ("workspace/executeCommand", {"command": "kerasLsp.rebuild", "arguments": [1]}),
    ("workspace/executeCommand", {"command": "kerasLsp.rebuild"}),
    ("workspace/executeCommand", {"command": "kerasLsp.explainRule", "arguments": ["KL000"]}),
    ("kerasLsp/model", None),
    ("kerasLsp/model", {"uri": 1}),
    ("kerasLsp/modelAt", {"uri": 1}),
]


@pytest.fixture
async def error_of(client: Client) -> Any:
    client.open(URI, "import keras\n")

    async def ask(method: str, params: Any) -> int:
        with pytest.raises(ServerError) as refused:
            await client.request(method, params)
        return refused.value.code

    return ask


async def test_params_that_cannot_be_read(client: Client, error_of: Any) -> None:
    for method, params in UNREADABLE:
        assert await error_of(method, params) == -32602, (method, params)
    assert await client.request("textDocument/hover", client.place(URI, "", 0)) is None
    assert not client.sent("window/showMessage")


async def test_unknown_methods(client: Client, error_of: Any) -> None:
    assert await error_of("textDocument/noSuchThing", {}) == -32601
    assert await error_of("$/noSuchThing", {}) == -32601
    client.send({"jsonrpc": "2.0", "id": "no-params", "method": "no/params"})
    with pytest.raises(ServerError, match="32601"):
        await client.answer("no-params")


async def test_unknown_notifications_are_ignored(client: Client) -> None:
    before = len(client.messages)
    client.notify("$/noSuchThing", {})
    client.notify("noSuchThing", None)
    client.notify("textDocument/didChange", {"nonsense": True})
    client.notify("kerasLsp/trust", {"trusted": "yes"})
    client.notify("$/cancelRequest", {"id": 12345})
    client.notify("$/setTrace", {"value": "verbose"})
    await client.settle()
    replies = [m for m in client.messages[before:] if "method" not in m]
    assert len(replies) == 1  # that of `settle`


@pytest.mark.parametrize("fields", [{}, {"jsonrpc": "1.0"}, {"jsonrpc": 2.0}])
async def test_a_request_of_another_protocol_is_refused(client: Client, fields: Message) -> None:
    client.send({"id": 5, "method": "shutdown"} | fields)
    with pytest.raises(ServerError, match="32600"):
        await client.answer(5)
    await client.settle()
    assert len(client.responses(5)) == 1


async def test_what_is_no_message_is_refused_without_an_id(client: Client) -> None:
    no_messages: list[Any] = [[], 5, None, "text", {}, {"jsonrpc": "2.0"}, [{"jsonrpc": "2.0"}]]
    ids: list[Any] = [1.5, None, [], {}]
    odd_ids = [{"jsonrpc": "2.0", "id": n, "method": "shutdown"} for n in ids]
    for message in no_messages + odd_ids:
        before = len(client.messages)
        client.send(message)
        await client.settle()
        (response, _) = [m for m in client.messages[before:] if "method" not in m]
        assert (response["id"], response["error"]["code"]) == (None, -32600), message


async def test_a_method_that_is_not_a_name(client: Client) -> None:
    no_names: list[Any] = [3, None, [], {}]
    for request_id, method in enumerate(no_names, 500):
        client.send({"jsonrpc": "2.0", "id": request_id, "method": method})
        with pytest.raises(ServerError, match="32600"):
            await client.answer(request_id)


async def test_a_body_that_is_not_json(client: Client) -> None:
    for body in (b"not json", b"\xff\xfe", b"{{{", b"[" * 100_000, b'{"jsonrpc": "2.0", "id": 1, "meth'):
        before = len(client.messages)
        client.send_body(body)
        await client.settle()
        (response, _) = [m for m in client.messages[before:] if "method" not in m]
        assert (response["id"], response["error"]["code"]) == (None, -32700), body[:20]


async def test_headers_without_a_length_are_skipped(client: Client) -> None:
    for junk in (
        b"Content-Length: abc\r\n\r\n",
        b"Content-Type: text/plain\r\n\r\n",
        b"Content-Length: -3\r\n\r\n",
        b"Content-Length: 99999999999999\r\n\r\n",
        b"\r\n\r\n",
        b"x" * 200_000 + b"\r\n\r\n",
    ):
        client.send_bytes(junk)
        await client.settle()


async def test_headers_may_come_in_any_spelling_and_order(client: Client) -> None:
    body = b'{"jsonrpc": "2.0", "id": "x", "method": "kerasLsp/model", "params": {"uri": "file:///no"}}'
    header = b"content-type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:%d\r\n\r\n"
    client.send_bytes(header % len(body) + body)
    assert await client.answer("x") is None


async def test_responses_nobody_asked_for_are_ignored(client: Client) -> None:
    client.send({"jsonrpc": "2.0", "id": 999, "result": None})
    client.send({"jsonrpc": "2.0", "id": "x", "error": {"code": 1, "message": "no"}})
    client.send({"jsonrpc": "2.0", "id": [], "result": {}})
    await client.settle()


async def test_a_client_may_refuse_what_the_server_asks(clients: Clients) -> None:
    client = await clients.start(settings={"interpreter": 5, "hints": "no"})
    await client.wait_for(lambda m: m.get("method") == "window/logMessage")
    assert "interpreter" in client.sent("window/logMessage")[0]["message"]
    await client.settle()


async def test_many_requests_at_once_get_one_response_each(client: Client) -> None:
    client.open(URI, "import keras\nmodel = keras.Sequential()\n")
    ids = []
    for n in range(200):
        request = client.ask("textDocument/hover", client.place(URI, "", 0))
        ids.append(request)
        if n % 3 == 0:
            client.notify("$/cancelRequest", {"id": request})
    await client.settle()
    assert [len(client.responses(request)) for request in ids] == [1] * len(ids)
