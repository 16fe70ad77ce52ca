"""Which files of a workspace a replay may read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from keras_lsp.worker.confine import policy

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    *("model.py", "secrets.py", "data.csv", ".env", "prod.env", "id_rsa", "server.pem", "credentials.json"),
    *(".git/config", ".vscode/settings.json", "package/__init__.py", "package/deep/block.py"),
    *("deploy/run.py", "deploy/keys/app.key", "deploy/plain/notes.txt", "venv/pyvenv.cfg", "venv/lib/x.py"),
)


def covers(found: policy.Readable, path: str) -> bool:
    return any((path + os.sep).startswith(one + os.sep) for one in found.read)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / "ws" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ws" / name).write_text("x")
    return tmp_path / "ws"


def test_sources_and_data_are_readable_and_secrets_are_not(workspace: Path) -> None:
    found = policy.readable(str(workspace))
    readable = {name for name in FILES if covers(found, str(workspace / name))}
    assert readable == {
        *("model.py", "secrets.py", "data.csv", "package/__init__.py", "package/deep/block.py"),
        *("deploy/run.py", "deploy/plain/notes.txt"),
    }
    assert found.listed == (str(workspace),)


def test_a_folder_without_secrets_is_one_path(workspace: Path) -> None:
    assert policy.readable(str(workspace / "package")).read == (str(workspace / "package"),)


def test_links_lead_nowhere(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "id").write_text("x")
    (workspace / "package" / "link").symlink_to(tmp_path / "elsewhere")
    found = policy.readable(str(workspace))
    assert not covers(found, str(tmp_path / "elsewhere" / "id"))
    assert covers(found, str(workspace / "package" / "deep" / "block.py"))
    assert not covers(found, str(workspace / "package" / "link"))


def test_what_was_not_looked_at_is_not_readable(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "_MOST_ENTRIES", 12)
    found = policy.readable(str(workspace))
    assert covers(found, str(workspace / "model.py"))
    assert not covers(found, str(workspace / "deploy" / "plain" / "notes.txt"))


def test_a_home_folder_is_no_workspace(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        pw_dir = str(workspace / "package")

    monkeypatch.setattr("pwd.getpwuid", lambda _: Entry)
    found = policy.readable(str(workspace))
    assert covers(found, str(workspace / "model.py"))
    assert covers(found, str(workspace / "package" / "deep" / "block.py"))
    assert not covers(found, str(workspace / "data.csv"))
    assert not covers(found, str(workspace / "deploy" / "run.py"))
    assert found.listed == ()


def test_a_new_secret_is_seen_after_a_while(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    known = policy.Workspace()
    folder = str(workspace / "package")
    assert covers(known.readable([folder]), f"{folder}/app.key")
    (workspace / "package" / "app.key").write_text("x")
    now[0] += 60
    assert not covers(known.readable([folder]), f"{folder}/app.key")
