"""The commands that explain: the doctor's report of a session, and the rules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from keras_lsp.features.rules import RULES
from keras_lsp.sandbox.jail import FULL, describe_level
from keras_lsp.worker.confine import PARTS, offered

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.client import Client
    from tests.protocol.conftest import Clients

TEXT = "import keras\n\nmodel = keras.Sequential([keras.layers.Dense(3)])\nmodel.build((None, 2))\n"


async def run(client: Client, command: str, *arguments: Any) -> Any:
    asked = {"command": f"kerasLsp.{command}", "arguments": list(arguments)}
    return await client.request("workspace/executeCommand", asked)


async def test_of_a_document_that_is_replayed(
    clients: Clients, keras_python: list[str], tmp_path: Path
) -> None:
    client = await clients.start(options={"trusted": True, "interpreter": keras_python}, root=tmp_path)
    uri = (tmp_path / "model.py").as_uri()
    client.open(uri, TEXT)
    await client.wait_for_status(uri, "ready")
    report: str = await run(client, "doctor", uri)
    assert report.startswith("# keras-lsp doctor\n")
    level = describe_level(FULL)[0] if set(offered()) == set(PARTS) else "reduced: not in force"
    for words in (
        f"- **interpreter**: `{keras_python[0]}`",
        "- **chosen by**: `setting`",
        "- **worker**: `Keras 3.",
        "- **around it**: ``nothing: this kernel has" if level == "full" else "- **around it**: ",
        f"- **sandbox**: `{level}",
        "- **trust**: `trusted, so model code is replayed`",
        f"- **folders**: `{tmp_path}`",
        "- **this file**: `ready`",
        "Replays work",
    ):
        assert words in report, report
    again: str = await run(client, "doctor")
    assert "this file" not in again
    assert "Replays work" in again


async def test_where_nothing_may_be_run_the_interpreter_is_told_and_not_started(
    clients: Clients, tmp_path: Path
) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    python.chmod(0o755)
    options = {"trusted": False, "interpreter": [str(python)], "bubblewrap": "never"}
    client = await clients.start(options=options, root=tmp_path)
    uri = (tmp_path / "half.py").as_uri()
    client.open(uri, f"{TEXT}half = keras.Sequential([keras.layers.De")
    report: str = await run(client, "doctor", uri)
    assert f"- **interpreter**: `{python}`" in report
    assert "Replays do not work: The folder is not trusted" in report
    if sys.platform.startswith("linux"):
        assert '- **around it**: ``nothing: the setting `bubblewrap` is "never"``' in report
    assert "- **this file**: ``unavailable, The folder is not trusted" in report, report
    assert "text alone" in report
    assert not (tmp_path / "ran").exists()


async def test_without_keras_it_says_what_is_missing(
    clients: Clients, bare_python: list[str], tmp_path: Path
) -> None:
    client = await clients.start(options={"trusted": True, "interpreter": bare_python}, root=tmp_path)
    report: str = await run(client, "doctor", "untitled:Untitled-1")
    assert "- **installed**: `no Keras`" in report
    assert "Replays do not work: " in report
    assert "is not installed" in report


async def test_rules_are_listed_by_code_and_each_can_be_explained(client: Client) -> None:
    listed = await run(client, "explainRule")
    assert [rule["code"] for rule in listed] == sorted(rule.code for rule in RULES)
    for rule in listed:
        explained: str = await run(client, "explainRule", rule["code"])
        assert explained.startswith(f"# {rule['code']} {rule['slug']}\n\n{rule['why']}")
