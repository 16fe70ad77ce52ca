"""`kerasLsp.checkWorkspace`: what is found in files that nobody has open, when somebody asks."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.processes import children, is_alive
from tests.protocol.client import FULL_CAPABILITIES, Client, Message, text_at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.conftest import Clients

DIAGNOSTICS = "textDocument/publishDiagnostics"
CHECK = {"command": "kerasLsp.checkWorkspace", "arguments": []}
BAD = """import keras
odd = "é中😀"; model = keras.Sequential([keras.layers.Dense(3)])
odd = "é中😀"; print(model.layers[0].weights[0])
"""
GOOD = "import keras\n\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "plain.py").write_text("print(1)\n")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "bad one.py").write_text(BAD, encoding="utf-8")
    (tmp_path / "open.py").write_text(BAD, encoding="utf-8")
    cell: Message = {
        "cell_type": "code",
        "source": BAD,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    (tmp_path / "notes.ipynb").write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [cell]}))
    # Were it imported by the check, it would run code of a folder that is not trusted.
    (tmp_path / "rich.py").write_text("raise SystemExit('imported')")
    return tmp_path


def told(client: Client) -> dict[str, list[Message]]:
    """By the file's name, what the client shows."""
    shown = {params["uri"]: params["diagnostics"] for params in client.sent(DIAGNOSTICS)}
    return {uri.rpartition("/")[2]: found for uri, found in shown.items() if found}


async def check(client: Client) -> str:
    said: str = await client.request("workspace/executeCommand", CHECK)
    return said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_closed_files_are_told_of_until_they_are_opened_or_change(
    clients: Clients, folder: Path, encoding: str
) -> None:
    client = await clients.start(root=folder, encodings=[encoding])
    opened = (folder / "open.py").as_uri()
    client.open(opened, GOOD)  # the unsaved text counts
    said = await check(client)
    assert said == (
        "6 files, 4 with models: 3 errors. 1 is in notebooks, which show theirs when they are open. "
        "The folder is not trusted, so no code was run."
    )
    shown = told(client)
    assert list(shown) == ["bad%20one.py"]
    (finding,) = shown["bad%20one.py"]
    assert (finding["code"], finding["source"]) == ("KL101", "keras-lsp")
    assert text_at(BAD, finding["range"], encoding) == "model.layers[0].weights[0]"
    bad = (folder / "below" / "bad one.py").as_uri()
    change = {"changes": [{"uri": bad, "type": 2}]}
    client.notify("workspace/didChangeWatchedFiles", change)
    await client.settle()
    assert told(client) == {}
    await check(client)
    assert list(told(client)) == ["bad%20one.py"]
    client.open(bad, BAD + "#\n")
    await client.wait_for_diagnostics(bad, lambda _: client.sent(DIAGNOSTICS)[-1].get("version") == 1)
    of_bad = [params for params in client.sent(DIAGNOSTICS) if params["uri"] == bad]
    assert [(params.get("version"), len(params["diagnostics"])) for params in of_bad] == [
        (None, 1),
        (None, 0),  # changed on disk
        (None, 1),
        (None, 0),  # opened
        (1, 1),
    ]


async def test_what_is_trusted_is_replayed(clients: Clients, tmp_path: Path, keras_python: list[str]) -> None:
    (tmp_path / "bad.py").write_text(GOOD + "print(model.layers[3])\n")
    options = {"trusted": True, "interpreter": keras_python}
    client = await clients.start(root=tmp_path, options=options)
    said = await check(client)
    assert said.startswith("1 file, 1 with models, run with Keras 3")
    assert said.endswith(": 1 error.")
    assert [one["code"] for one in told(client)["bad.py"]] == ["KL303"]


async def test_its_user_may_stop_it(clients: Clients, folder: Path) -> None:
    for number in range(300):
        (folder / f"more_{number}.py").write_text(BAD, encoding="utf-8")
    can = {**FULL_CAPABILITIES, "window": {"workDoneProgress": True}}
    client = await clients.start(root=folder, capabilities=can)
    asked = asyncio.ensure_future(check(client))

    def begun(params: Any) -> bool:
        return bool(params["value"]["kind"] == "begin")

    while not any(map(begun, client.sent("$/progress"))):  # noqa: ASYNC110  # the client has no event for it
        await asyncio.sleep(0.01)
    assert "running already" in await check(client)
    (begin,) = filter(begun, client.sent("$/progress"))
    assert begin["value"]["cancellable"]
    client.notify("window/workDoneProgress/cancel", {"token": begin["token"]})
    assert (await asked).startswith("Stopped. ")
    assert client.sent("$/progress")[-1]["value"]["kind"] == "end"
    assert not children(client.process.pid)


async def test_a_server_that_ends_takes_its_check_along(clients: Clients, folder: Path) -> None:
    for number in range(300):
        (folder / f"more_{number}.py").write_text(BAD, encoding="utf-8")
    client = await clients.start(root=folder)
    asked = asyncio.ensure_future(check(client))
    while not told(client):  # noqa: ASYNC110  # the client has no event for it
        await asyncio.sleep(0.01)
    (process,) = children(client.process.pid)
    await client.shutdown()
    asked.cancel()
    assert not is_alive(process)


async def test_without_a_folder(client: Client) -> None:
    assert await check(client) == "No folder is open."
