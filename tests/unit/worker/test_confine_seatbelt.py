"""The profile for macOS, read back: what it would allow. Nobody has laid it on a real machine yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.worker.confine import seatbelt
from keras_lsp.worker.confine.policy import SECRETS, is_secret
from keras_lsp.worker.confine.seen import Seen
from tests.unit.worker.profiles import allows, parse

if TYPE_CHECKING:
    from pathlib import Path

ROOT = "/Users/me/.work/net (1)+[x]"
VENV = f"{ROOT}/.venv"
SEEN = Seen((ROOT,), (), (VENV, "/opt/python/3.11"))
OWN = "/private/var/folders/keras-lsp-1"
PROFILE = seatbelt.profile(SEEN, OWN)


@pytest.mark.parametrize(
    "name", ["model.py", "data/weights.bin", "secrets.py", "a/token.pyi", ".venv/lib/python3.11/os.py"]
)
def test_sources_data_and_the_interpreter_are_readable(name: str) -> None:
    assert allows(PROFILE, "file-read-data", f"{ROOT}/{name}")


@pytest.mark.parametrize(
    "name",
    [".env", ".git/config", "a/.env.local", "deploy.key", "a/b/ID_RSA.pub", "secrets/x.py",
     "Credentials.json", "service-account.json", "service_account7", "a/.ssh/id_rsa"],
)  # fmt: skip
def test_secrets_of_the_workspace_are_not(name: str) -> None:
    assert not allows(PROFILE, "file-read-data", f"{ROOT}/{name}")
    assert allows(PROFILE, "file-read-metadata", f"{ROOT}/{name}"), "imports look at what there is"


def test_every_pattern_of_secrets_means_the_same_in_both_languages() -> None:
    for pattern in SECRETS:
        name = pattern.replace("[-_]", "_").replace("*", "x")
        assert is_secret(name), name
        assert not allows(PROFILE, "file-read-data", f"{ROOT}/sub/{name}"), name
        assert not allows(PROFILE, "file-read-data", f"{ROOT}/{name.upper()}"), name


@pytest.mark.parametrize(
    "path",
    ["/Users/me/.ssh/id_rsa", "/Users/me/.work/other/a.py", "/Users/me/Documents/x", "/private/tmp/x",
     "/private/etc/master.passwd", "/Users/me/.work/net 1x/a.py"],
)  # fmt: skip
def test_what_is_outside_is_not_readable(path: str) -> None:
    assert not allows(PROFILE, "file-read-data", path)


def test_only_its_own_folder_can_be_written() -> None:
    assert allows(PROFILE, "file-write-create", f"{OWN}/new/x")
    for path in (f"{ROOT}/model.py", f"{VENV}/lib/x.py", "/Users/me/.zshrc", "/private/tmp/x", "/usr/lib/x"):
        for operation in ("file-write-data", "file-write-create", "file-write-unlink", "file-write-mode"):
            assert not allows(PROFILE, operation, path), (operation, path)


@pytest.mark.parametrize(
    "operation",
    ["network-outbound", "network-bind", "process-fork", "mach-register", "job-creation", "system-socket",
     "iokit-open", "appleevent-send", "file-write-setugid", "file-link"],
)  # fmt: skip
def test_what_leads_out_is_refused(operation: str) -> None:
    assert not allows(PROFILE, operation, f"{OWN}/x")


def test_only_the_interpreter_may_be_executed() -> None:
    assert allows(PROFILE, "process-exec", f"{VENV}/bin/python")
    for path in ("/bin/sh", "/usr/bin/osascript", f"{ROOT}/evil", f"{OWN}/evil"):
        assert not allows(PROFILE, "process-exec", path)


def test_names_of_folders_cannot_add_rules() -> None:
    """A quotation mark ends a text, or a regular expression."""
    evil = '/w/x") (allow default) (deny file-write-data (literal "/y'
    profile = seatbelt.profile(Seen((evil,), (), ("/y",)), OWN)
    assert not allows(profile, "network-outbound")
    assert [rule[0] for rule in parse(profile)] == [rule[0] for rule in parse(PROFILE)]
    assert allows(profile, "file-read-data", f"{evil}/model.py")
    assert not allows(profile, "file-read-data", f"{evil}/.env")
    with pytest.raises(OSError, match="cannot be named"):
        seatbelt.profile(Seen(("/w/a\nb",), (), ()), OWN)


def test_links_are_followed_first(tmp_path: Path) -> None:
    """The kernel knows a file by one name: /tmp is /private/tmp."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    profile = seatbelt.profile(Seen((str(tmp_path / "link"),), (), ()), OWN)
    assert allows(profile, "file-read-data", str(tmp_path / "real" / "a.py"))


def test_the_command() -> None:
    words = seatbelt.command("/usr/bin/sandbox-exec", SEEN, OWN, ["python", "boot.py"])
    assert words == ("/usr/bin/sandbox-exec", "-p", PROFILE, "python", "boot.py")
