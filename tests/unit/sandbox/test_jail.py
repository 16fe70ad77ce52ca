"""What a worker is given: nothing secret, no GPU, folders of its own, the user's Keras configuration."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.jail import FULL, OURS, Jail, describe_level
from keras_lsp.sandbox.private_folder import PrivateFolder
from tests.unit.sandbox.conftest import environment, machine, request

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import MakeWorker


async def test_secrets_stay_out_and_what_a_program_needs_gets_in(make_worker: MakeWorker) -> None:
    """Seen from inside a real process, not from what it was meant to get."""
    given = {
        "AWS_SECRET_ACCESS_KEY": "s", "GITHUB_TOKEN": "s", "HTTPS_PROXY": "s", "SSH_AUTH_SOCK": "s",
        "PYTHONPATH": "/s", "PYTHONSTARTUP": "/s", "LD_PRELOAD": "",
        "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_TIME": "C", "KERAS_BACKEND": "jax",
    }  # fmt: skip
    worker = make_worker(**given)
    await worker.start()
    outcome = await worker.replay(request())
    await worker.stop("done")
    assert outcome.report is not None
    seen = json.loads(outcome.report.versions.python)
    kept = {"PATH", "LANG", "LC_TIME", "KERAS_BACKEND"}
    assert {name for name in given if name in seen} == kept
    assert (seen["CUDA_VISIBLE_DEVICES"], seen["JAX_PLATFORMS"]) == ("-1", "cpu")
    assert (seen["OMP_NUM_THREADS"], seen["TF_NUM_INTRAOP_THREADS"]) == ("1", "1")
    assert seen["TF_CPP_MIN_LOG_LEVEL"] == "3"
    for name in ("HOME", "TMPDIR", "TEMP", "KERAS_HOME"):
        assert seen[name].startswith(str(worker._jail.folder))


def test_packages_of_the_user_are_found_although_home_is_another(tmp_path: Path) -> None:
    jail = Jail.prepare(environment(), machine(tmp_path))
    assert jail.environ["PYTHONUSERBASE"] == str(tmp_path / ".local")
    jail.remove()


def test_legacy_keras_is_asked_for_only_when_it_is_meant(tmp_path: Path) -> None:
    for legacy in (False, True):
        jail = Jail.prepare(environment(legacy), machine(tmp_path))
        assert jail.environ.get("TF_USE_LEGACY_KERAS") == ("1" if legacy else None)
        jail.remove()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"backend": "torch", "floatx": "float16", "epsilon": 1e-5, "other": "x"}',
            {"backend": "torch", "floatx": "float16", "epsilon": 1e-5},
        ),
        ('{"backend": ["torch"], "token": "secret"}', {}),
        ("not json", {}),
        ("[]", {}),
        (None, {}),
    ],
)
def test_keras_reads_the_users_configuration_from_a_private_copy(
    tmp_path: Path, text: str | None, expected: dict[str, object]
) -> None:
    if text is not None:
        (tmp_path / ".keras").mkdir()
        (tmp_path / ".keras/keras.json").write_text(text)
    jail = Jail.prepare(environment(), machine(tmp_path))
    assert json.loads((jail.folder / "keras/keras.json").read_text()) == expected
    jail.remove()
    assert not jail.folder.exists()


def test_the_folder_is_the_users_alone(tmp_path: Path) -> None:
    jail = Jail.prepare(environment(), machine(tmp_path))
    assert jail.folder.stat().st_mode & 0o077 == 0
    jail.remove()


class TestPrivateFolder:
    """A server that was killed cannot clean up; the next one does."""

    @pytest.fixture(autouse=True)
    def temporary(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def test_the_folder_of_a_killed_owner_is_removed_by_the_next(self) -> None:
        program = (
            "import os, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
            "from keras_lsp.sandbox.private_folder import PrivateFolder\n"
            "folder = PrivateFolder(); print(folder.path, flush=True); os.kill(os.getpid(), 9)"
        )
        command = [sys.executable, "-c", program, tempfile.gettempdir()]
        left = Path(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())
        assert left.is_dir()
        mine = PrivateFolder()
        assert not left.exists()
        mine.remove()

    def test_folders_in_use_or_of_somebody_else_stay(self, tmp_path: Path) -> None:
        (tmp_path / "keras-lsp-other").mkdir()
        first = PrivateFolder()
        second = PrivateFolder()
        assert first.path.is_dir()
        assert (tmp_path / "keras-lsp-other").is_dir()
        first.remove()
        second.remove()
        second.remove()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["keras-lsp-other"]


def test_the_level_names_what_is_missing() -> None:
    assert describe_level(FULL) == ("full", ())
    words, missing = describe_level(("resource limits",))
    assert missing == tuple(item for item in FULL if item not in (*OURS, "resource limits"))
    assert words == f"none: not in force: {'; '.join(missing)}"
    words, missing = describe_level(FULL[:-1])
    assert words == f"reduced: not in force: {FULL[-1]}"
