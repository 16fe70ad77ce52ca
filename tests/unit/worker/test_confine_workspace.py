"""Which files of a workspace a replay may read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keras_lsp.worker.confine import workspace as confine_workspace
from keras_lsp.worker.confine.workspace import Readable, Workspace, hidden_of

FILES = (
    *("model.py", "secrets.py", "data.csv", ".env", "prod.env", "id_rsa", "server.pem", "credentials.json"),
    *(".git/config", ".vscode/settings.json", "package/__init__.py", "package/deep/block.py"),
    *("deploy/run.py", "deploy/keys/app.key", "deploy/plain/notes.txt", "venv/pyvenv.cfg", "venv/lib/x.py"),
)


def readable(folder: Path) -> Readable:
    return Workspace().readable([str(folder)])


def covers(found: Readable, path: str) -> bool:
    return any((path + os.sep).startswith(one + os.sep) for one in found.read)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / "ws" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ws" / name).write_text("x")
    return tmp_path / "ws"


def test_sources_and_data_are_readable_and_secrets_are_not(workspace: Path) -> None:
    found = readable(workspace)
    shown = {name for name in FILES if covers(found, str(workspace / name))}
    assert shown == {
        *("model.py", "secrets.py", "data.csv", "package/__init__.py", "package/deep/block.py"),
        *("deploy/run.py", "deploy/plain/notes.txt"),
    }
    assert found.listed == (str(workspace),)


def test_a_folder_without_secrets_is_one_path(workspace: Path) -> None:
    assert readable(workspace / "package").read == (str(workspace / "package"),)


def test_links_lead_nowhere(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "id").write_text("x")
    (workspace / "package" / "link").symlink_to(tmp_path / "elsewhere")
    found = readable(workspace)
    assert not covers(found, str(tmp_path / "elsewhere" / "id"))
    assert covers(found, str(workspace / "package" / "deep" / "block.py"))
    assert not covers(found, str(workspace / "package" / "link"))


def test_what_was_not_looked_at_is_not_readable(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine_workspace, "_MOST_ENTRIES", 12)
    found = readable(workspace)
    assert covers(found, str(workspace / "model.py"))
    assert not covers(found, str(workspace / "deploy" / "plain" / "notes.txt"))


def test_a_home_folder_is_no_workspace(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        pw_dir = str(workspace / "package")

    monkeypatch.setattr("pwd.getpwuid", lambda _: Entry)
    found = readable(workspace)
    assert covers(found, str(workspace / "model.py"))
    assert covers(found, str(workspace / "package" / "deep" / "block.py"))
    assert not covers(found, str(workspace / "data.csv"))
    assert not covers(found, str(workspace / "deploy" / "run.py"))
    assert found.listed == ()


def test_a_new_secret_is_seen_at_once(workspace: Path) -> None:
    known = Workspace()
    folder = str(workspace / "package")
    assert covers(known.readable([folder]), f"{folder}/app.key")
    (workspace / "package" / "app.key").write_text("x")
    assert not covers(known.readable([folder]), f"{folder}/app.key")


def test_a_folder_that_did_not_change_is_not_read_again(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (workspace, *filter(Path.is_dir, workspace.rglob("*"))):
        os.utime(folder, (1_000, 1_000))
    read: list[str] = []
    look = confine_workspace._entries

    def seen(folder: str) -> list[os.DirEntry[str]]:
        read.append(folder)
        return look(folder)

    monkeypatch.setattr(confine_workspace, "_entries", seen)
    known = Workspace()
    first = known.readable([str(workspace)])
    read.clear()
    assert known.readable([str(workspace)]) == first
    assert read == []
    (workspace / "deploy" / "new.py").write_text("x")
    assert covers(known.readable([str(workspace)]), str(workspace / "deploy" / "new.py"))
    assert read == [str(workspace / "deploy")]


def test_packages_of_another_language_are_neither_read_nor_looked_through(workspace: Path) -> None:
    for number in range(5):
        package = workspace / "node_modules" / f"package{number}"
        package.mkdir(parents=True)
        (package / ".npmignore").write_text("x")
    found = readable(workspace)
    assert not any("node_modules" in path for path in found.read)
    assert [path for path in hidden_of(str(workspace)) if "node_modules" in path] == [
        str(workspace / "node_modules")
    ]


def test_modules_come_before_data_where_not_all_can_be_named(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confine_workspace, "_MOST_RULES", 8)
    for number in range(20):
        (workspace / f"{number}.csv").write_text("x")
    found = readable(workspace)
    assert covers(found, str(workspace / "model.py"))
    assert covers(found, str(workspace / "deploy" / "run.py"))
    assert not covers(found, str(workspace / "9.csv"))
