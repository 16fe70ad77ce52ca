"""`workspace/symbol` over the files of the folder, open or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.protocol.client import text_at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.client import Client
    from tests.protocol.conftest import Clients

NET = """import keras

odd = "é中😀"
class {name}(keras.Model):
    def __init__(self):
        super().__init__()
        odd = "😀"; self.{layer} = keras.layers.Dense(3)
"""


async def symbols(client: Client, query: str) -> list[tuple[str, str | None, str]]:
    """Name, holder and file of what is found."""
    found = await client.request("workspace/symbol", {"query": query})
    return [
        (one["name"], one.get("containerName"), one["location"]["uri"].rpartition("/")[2]) for one in found
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_files_that_nobody_has_open(clients: Clients, tmp_path: Path, encoding: str) -> None:
    closed, opened = tmp_path / "a b.py", tmp_path / "opened.py"
    closed.write_text(NET.format(name="Closed", layer="mixer"), encoding="utf-8")
    opened.write_text(NET.format(name="Saved", layer="mixer"), encoding="utf-8")
    for hidden in (".hidden", "node_modules", "env"):
        (tmp_path / hidden).mkdir()
        (tmp_path / hidden / "c.py").write_text(NET.format(name="Hidden", layer="mixer"), encoding="utf-8")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "plain.py").write_text("class Mixer: pass\n")
    (tmp_path / "broken.py").write_bytes(b"import keras\nmixer = keras.Sequential([])  # \xff\nx = [\n")
    client = await clients.start(root=tmp_path, encodings=[encoding])
    client.open(opened.as_uri(), NET.format(name="Unsaved", layer="mixer_2"))
    assert await symbols(client, "mix") == [
        ("mixer_2", "Unsaved", "opened.py"),
        ("mixer", "Closed", "a%20b.py"),
        ("mixer", None, "broken.py"),
    ]
    assert await symbols(client, "saved") == [("Unsaved", None, "opened.py")]
    (slot,) = (
        one["location"]
        for one in await client.request("workspace/symbol", {"query": "mixer"})
        if one["location"]["uri"] == closed.as_uri()
    )
    text = closed.read_text(encoding="utf-8")
    assert text_at(text, slot["range"], encoding) == "self.mixer = keras.layers.Dense(3)"


async def test_what_changes_on_disk_is_read_again(clients: Clients, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(NET.format(name="Net", layer="first"), encoding="utf-8")
    client = await clients.start(root=tmp_path)
    assert await symbols(client, "first") == [("first", "Net", "net.py")]
    file.write_text(NET.format(name="Net", layer="second_one"), encoding="utf-8")
    assert await symbols(client, "first") == []
    assert await symbols(client, "second") == [("second_one", "Net", "net.py")]
    file.unlink()
    assert await symbols(client, "") == []


async def test_without_a_folder_those_of_open_files(client: Client) -> None:
    client.open("file:///nowhere/net.py", NET.format(name="Net", layer="first"))
    assert await symbols(client, "first") == [("first", "Net", "net.py")]
