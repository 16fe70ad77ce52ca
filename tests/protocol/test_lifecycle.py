from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.protocol.client import SERVE, Client, ServerError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.conftest import Clients

URI = "file:///nowhere/model.py"


async def test_shutdown_and_exit_end_with_0(client: Client) -> None:
    assert await client.shutdown() == 0


async def test_exit_without_shutdown_ends_with_1(client: Client) -> None:
    client.notify("exit")
    assert await client.exit_code() == 1


async def test_exit_before_initialize_ends_with_1(clients: Clients) -> None:
    client = await clients.launch()
    client.notify("exit")
    assert await client.exit_code() == 1


async def test_the_end_of_stdin_ends_the_server(client: Client) -> None:
    client.hang_up()
    assert await client.exit_code() == 1


async def test_the_end_of_stdin_after_shutdown_is_a_proper_end(client: Client) -> None:
    await client.request("shutdown")
    client.hang_up()
    assert await client.exit_code() == 0


_BUSY = """
import sys, time
from keras_lsp.lsp import transport
from keras_lsp.lsp.requests import document_symbol
transport.LAST_SECONDS = 0.2
document_symbol.document_symbols = lambda *_: time.sleep(600)
from keras_lsp.cli import main
sys.exit(main(["serve"]))
"""


async def test_the_end_of_stdin_ends_a_server_that_is_busy(clients: Clients) -> None:
    client = await clients.start((sys.executable, "-c", _BUSY))
    client.open(URI, "import keras\n")
    client.ask("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    client.hang_up()
    assert await client.exit_code() == 1
    assert "still busy" in client.stderr


async def test_a_frame_cut_off_by_the_end_of_stdin_is_no_trouble(client: Client) -> None:
    client.send_bytes(b'Content-Length: 500\r\n\r\n{"jsonrpc"')
    client.hang_up()
    assert await client.exit_code() == 1


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
async def test_sigterm_ends_the_server_in_order(client: Client) -> None:
    client.process.send_signal(signal.SIGTERM)
    assert await client.exit_code() == 1


async def test_the_server_ends_when_the_process_of_the_client_does(clients: Clients) -> None:
    """Some clients leave the pipe to a helper that survives them."""
    editor = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=subprocess.PIPE)
    client = await clients.start(process_id=editor.pid)
    await client.settle()
    assert client.process.returncode is None
    editor.kill()
    assert await client.exit_code() == 1
    await editor.wait()


async def test_a_process_id_from_somewhere_else_means_nothing(clients: Clients) -> None:
    """A client in another container: there is no such process here."""
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    client = await clients.start(process_id=gone.pid)
    await client.settle()
    assert await client.shutdown() == 0


_EDITOR = """
import json, subprocess, sys, time
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params":
                   {"processId": None, "rootUri": None, "capabilities": {}}}).encode()
server.stdin.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
server.stdin.flush()
server.stdout.readline()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
async def test_no_server_is_left_when_the_client_is_killed() -> None:
    editor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _EDITOR, *SERVE, stdout=asyncio.subprocess.PIPE
    )
    assert editor.stdout is not None
    server = int(await editor.stdout.readline())
    editor.kill()
    await editor.wait()
    while _runs(server):  # noqa: ASYNC110 - the process is not ours to wait for
        await asyncio.sleep(0.05)


def _runs(pid: int) -> bool:
    """Whether the process runs; one that waits to be reaped does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip()) and not found.stdout.startswith("Z")


async def test_what_the_server_says_it_can_do(client: Client) -> None:
    offered = client.capabilities
    for provider in ("hover", "completion", "inlayHint", "documentSymbol", "definition", "codeAction"):
        assert offered[f"{provider}Provider"], provider
    assert offered["textDocumentSync"] == {"openClose": True, "change": 1, "save": True}
    assert "kerasLsp.rebuild" in offered["executeCommandProvider"]["commands"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((), "utf-16"),
        (("utf-32", "utf-8"), "utf-32"),
        (("utf-7", "utf-8", "utf-16"), "utf-8"),
        (("utf-7",), "utf-16"),
    ],
)
async def test_the_first_position_encoding_we_know_is_taken(
    clients: Clients, offered: tuple[str, ...], chosen: str
) -> None:
    client = await clients.start(encodings=offered)
    assert client.encoding == chosen


async def test_no_module_of_the_folder_it_is_started_in_is_run(clients: Clients, tmp_path: Path) -> None:
    for name in ("random", "jedi", "lsprotocol", "rich", "tempfile"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    client = await clients.start(root=tmp_path)
    await client.settle()
    assert client.stderr == ""


async def test_requests_before_initialize_are_refused(clients: Clients) -> None:
    client = await clients.launch()
    with pytest.raises(ServerError) as refused:
        await client.request("textDocument/hover", client.place(URI, "", 0))
    assert refused.value.code == -32002
    await client.initialize({})
    assert await client.request("textDocument/hover", client.place(URI, "", 0)) is None


async def test_notifications_before_initialize_are_dropped(clients: Clients) -> None:
    client = await clients.launch()
    client.open(URI, "import keras\n")
    await client.initialize({})
    assert await client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}}) is None


async def test_a_second_initialize_is_refused(client: Client) -> None:
    with pytest.raises(ServerError) as refused:
        await client.initialize({})
    assert refused.value.code == -32600


async def test_requests_after_shutdown_are_refused(client: Client) -> None:
    await client.request("shutdown")
    for method in ("textDocument/hover", "shutdown", "initialize", "no/suchThing"):
        with pytest.raises(ServerError) as refused:
            await client.request(method)
        assert refused.value.code == -32600
    client.notify("exit")
    assert await client.exit_code() == 0


async def test_a_request_behind_shutdown_in_the_same_packet_is_answered(client: Client) -> None:
    ids = [client.ask("shutdown"), client.ask("kerasLsp/model", {"uri": URI})]
    client.notify("exit")
    assert await client.exit_code() == 0
    assert [len(client.responses(request)) for request in ids] == [1, 1]


async def test_tcp(clients: Clients) -> None:
    server = await clients.launch((*SERVE[:-1], "--tcp", "127.0.0.1:0"))
    address = await server.wait_for_stderr(r"listens on (\S+):(\d+)")
    reader, writer = await asyncio.open_connection(address[1], int(address[2]))
    body = b'{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"processId":1,"capabilities":{}}}'
    writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert (await reader.readline()).startswith(b"Content-Length")
    writer.close()
    assert await server.exit_code() == 1
