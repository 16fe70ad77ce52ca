"""A model whose base class is in another file, over the wire and without any Keras installed."""

from __future__ import annotations

import asyncio
import copy
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol.client import FULL_CAPABILITIES, PATIENCE

if TYPE_CHECKING:
    from tests.protocol.client import Client
    from tests.protocol.conftest import Clients

PLAIN = "class Base:\n    pass\n"
BASE = """\
import keras


class Base(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)
"""
MODEL = """\
import keras
from base import Base


class Net(Base):
    def call(self, inputs):
        return self.dense(inputs)
"""


async def card(client: Client, uri: str) -> str:
    """What a hover on the slot's use says; "" for nothing."""
    place = client.place(uri, MODEL, MODEL.index("self.dense(") + 6)
    found = await client.request("textDocument/hover", place)
    return str(found["contents"]["value"]) if found else ""


async def wait_for_card(client: Client, uri: str, *, known: bool) -> str:
    """Asks until the slot is known, or is not; look-ups are not announced to the client."""

    async def asked() -> str:
        while bool(told := await card(client, uri)) is not known:
            pass
        return told

    return await asyncio.wait_for(asked(), PATIENCE)


async def completions(client: Client, uri: str) -> list[str]:
    place = client.place(uri, MODEL, MODEL.index("self.dense(") + 5)
    items = await client.request("textDocument/completion", place)
    return [item["label"] for item in items or ()]


async def test_hover_and_completion_follow_the_unsaved_base(
    clients: Clients, bare_python: list[str], tmp_path: Path
) -> None:
    base, uri = tmp_path / "base.py", (tmp_path / "model.py").as_uri()
    base.write_text(PLAIN, encoding="utf-8")
    client = await clients.start(options={"trusted": True, "interpreter": bare_python}, root=tmp_path)
    client.open(uri, MODEL)
    client.open(base.as_uri(), PLAIN)
    assert await card(client, uri) == ""
    client.change(base.as_uri(), 2, BASE)
    assert "Dense" in await wait_for_card(client, uri, known=True)
    assert "dense" in await completions(client, uri)
    client.change(base.as_uri(), 3, PLAIN)
    await wait_for_card(client, uri, known=False)
    assert "dense" not in await completions(client, uri)


async def test_the_base_on_disk_is_enough(clients: Clients, bare_python: list[str], tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text(BASE, encoding="utf-8")
    client = await clients.start(options={"interpreter": bare_python}, root=tmp_path)
    uri = (tmp_path / "model.py").as_uri()
    client.open(uri, MODEL)
    assert "Dense" in await wait_for_card(client, uri, known=True)
    assert "dense" in await completions(client, uri)


@pytest.mark.parametrize("how", ["it watches files", "something is saved", "something is asked"])
async def test_a_file_that_changes_outside_of_the_editor(
    clients: Clients, bare_python: list[str], tmp_path: Path, how: str
) -> None:
    base = tmp_path / "base.py"
    base.write_text(BASE, encoding="utf-8")
    capabilities = copy.deepcopy(FULL_CAPABILITIES)
    watches = how == "it watches files"
    capabilities["workspace"]["didChangeWatchedFiles"] = {"dynamicRegistration": watches}
    client = await clients.start(
        options={"interpreter": bare_python}, root=tmp_path, capabilities=capabilities
    )
    uri = (tmp_path / "model.py").as_uri()
    client.open(uri, MODEL)
    assert "Dense" in await wait_for_card(client, uri, known=True)
    registered = [one for asked in client.sent("client/registerCapability") for one in asked["registrations"]]
    watched = [one for one in registered if one["method"] == "workspace/didChangeWatchedFiles"]
    assert bool(watched) is watches
    base.write_text(PLAIN, encoding="utf-8")
    if watches:
        assert any(each["globPattern"] == "**/*.py" for each in watched[0]["registerOptions"]["watchers"])
        changes = {"changes": [{"uri": base.as_uri(), "type": 2}]}
        client.notify("workspace/didChangeWatchedFiles", changes)
    elif how == "something is saved":
        client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await wait_for_card(client, uri, known=False)


HOLDING = """import keras


class Base(keras.Model):
    def __init__(self):
        super().__init__()
        é = "𝄞"; self.dense = keras.layers.Dense(3)
"""
USING = """from base import Base


class Net(Base):
    def call(self, inputs):
        return self.dense(inputs)
"""


async def test_definition_of_what_a_base_on_disk_holds(clients: Clients, tmp_path: Path) -> None:
    base = tmp_path / "base.py"
    base.write_text(HOLDING, encoding="utf-8")
    client = await clients.start(root=tmp_path)
    uri = (tmp_path / "model.py").as_uri()
    client.open(uri, USING)
    place = client.place(uri, USING, USING.index("self.dense(") + 6)

    async def asked() -> list[dict[str, Any]]:
        while not (found := await client.request("textDocument/definition", place)):
            pass
        return list(found)

    (found,) = await asyncio.wait_for(asked(), PATIENCE)
    assert found["uri"] == base.as_uri()
    start = len('        é = "𝄞"; '.encode("utf-16-le")) // 2
    assert found["range"]["start"] == {"line": 6, "character": start}
    assert found["range"]["end"] == {"line": 6, "character": start + len("self.dense")}


async def test_the_source_of_a_layer_in_the_users_keras(
    clients: Clients, keras_python: list[str], tmp_path: Path
) -> None:
    text = "import tensorflow as tf\n\nhead = tf.keras.layers.Dense(3)\nprint(head)\n"
    uri = (tmp_path / "model.py").as_uri()
    client = await clients.start(options={"interpreter": keras_python}, root=tmp_path)
    client.open(uri, text)
    for request, needle, at in (
        ("definition", "Dense(3", "class Dense("),
        ("declaration", "Dense(3", "class Dense("),
        ("typeDefinition", "head =", "class Dense("),
        ("implementation", "head =", "    def call(self, inputs"),
    ):
        place = client.place(uri, text, text.index(needle) + 1)
        (found,) = await client.request(f"textDocument/{request}", place)
        path = Path(found["uri"].removeprefix("file://"))
        assert path.parts[-2:] == ("core", "dense.py")
        source = await asyncio.to_thread(path.read_text, encoding="utf-8")
        line = source.splitlines()[found["range"]["start"]["line"]]
        span = found["range"]
        named = line[span["start"]["character"] : span["end"]["character"]]
        assert named == ("call" if request == "implementation" else "Dense")
        assert line.startswith(at)
    # A variable of the program's own is where it was.
    (own,) = await client.request("textDocument/definition", client.place(uri, text, text.index("head)")))
    assert own["uri"] == uri


async def test_without_keras_there_is_no_source(
    clients: Clients, bare_python: list[str], tmp_path: Path
) -> None:
    text = "import keras\nhead = keras.layers.Dense(3)\n"
    uri = (tmp_path / "model.py").as_uri()
    client = await clients.start(options={"interpreter": bare_python}, root=tmp_path)
    client.open(uri, text)
    place = client.place(uri, text, text.index("Dense") + 1)
    assert await client.request("textDocument/definition", place) == []


async def test_a_plain_file_does_not_load_jedi(clients: Clients, tmp_path: Path) -> None:
    command = (sys.executable, "-X", "importtime", "-m", "keras_lsp", "serve", "--stdio")
    client = await clients.start(command, root=tmp_path)
    client.open((tmp_path / "plain.py").as_uri(), "import os\n\nprint(os.name)\n")
    await client.settle()
    await client.shutdown()
    imported = re.findall(r"\| +([\w.]+)$", client.stderr, re.MULTILINE)
    assert "keras_lsp.source.jedi_resolver" in imported
    assert "jedi" not in imported
