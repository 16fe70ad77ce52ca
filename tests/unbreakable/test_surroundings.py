"""Machines on which something is not as it should be: no room, no home, no /proc, a Python that goes away."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.protocol.client import PATIENCE, SERVE
from tests.unbreakable.surroundings import Surroundings, Typist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.protocol.client import Client

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="mounts and looks as Linux has them"
)

DECADE = 10 * 365 * 86_400
# A server whose clock jumps: ten years on by one signal, and ten back by the other.
JUMPING = f"""
import signal, sys, time
real, real_ns, off = time.time, time.time_ns, [0]
time.time = lambda: real() + off[0]
time.time_ns = lambda: real_ns() + off[0] * 10**9
signal.signal(signal.SIGUSR1, lambda *_: off.__setitem__(0, {DECADE}))
signal.signal(signal.SIGUSR2, lambda *_: off.__setitem__(0, -{DECADE}))
from keras_lsp.cli import main
sys.exit(main(["serve"]))
"""
NOWHERE = "/proc/no/such/home"  # nobody can make that, not even root
WITHOUT_PROC = 'mount -t tmpfs none /proc && exec "$@"'


def linked_python(folder: Path, python: str) -> Path:
    """An environment of its own that is made of another one's packages, and can be taken away."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "linked.pth").write_text(packages)
    return folder / "bin" / "python"


async def again(typist: Typist, *, words: str = "", before: Callable[[], object] = lambda: None) -> None:
    """Types, each time after `before`, until exact shapes come, or the reason why not, as `words` have it."""
    give_up = time.monotonic() + PATIENCE
    while True:
        before()
        typist.type(typist.units + 1)
        await typist.static_answer()
        for _ in range(30):
            reason = typist.client.sent("kerasLsp/status")[-1]["reason"]
            if re.search(words, reason) if words else f"(None, {typist.units})" in await typist.card():
                return
            await asyncio.sleep(0.1)
        assert time.monotonic() < give_up, reason


async def test_no_home_and_a_clock_that_jumps_and_a_python_that_goes(
    tmp_path: Path, keras_python: list[str]
) -> None:
    python = linked_python(tmp_path / "venv", keras_python[0])
    around = Surroundings(tmp_path, [str(python)])
    client = await around.start((sys.executable, "-c", JUMPING), HOME=NOWHERE, XDG_CACHE_HOME=NOWHERE)
    try:
        typist = Typist(client, around.uri)
        typist.open(3)
        await typist.exact()
        for jump in (signal.SIGUSR1, signal.SIGUSR2):
            os.kill(client.process.pid, jump)
            typist.type(typist.units + 1)
            await typist.exact()

        away = python.with_name("gone")
        python.rename(away)
        await typist.static_answer()
        # Which of the two, depends on whether the file is looked for before it is started.
        await again(typist, words="could not be started|does not exist")
        away.rename(python)
        await again(typist)
        await nothing_is_left(around, client)
    finally:
        await client.kill()


async def nothing_is_left(around: Surroundings, client: Client) -> None:
    around.look(client)
    assert await client.shutdown() == 0
    assert around.left() == []
    assert around.folders() == []
    assert "Traceback" not in client.stderr, client.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "tmp"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,nr_inodes=200", "none", str(disk)],
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """With files that take all its room, and all it has for names."""
    filler = disk / "filler"
    filler.mkdir(exist_ok=True)
    with contextlib.suppress(OSError):
        for number in itertools.count(len(list(filler.iterdir()))):
            (filler / str(number)).touch()
    with contextlib.suppress(OSError), (filler / "0").open("wb", buffering=0) as large:
        while large.write(b"x" * 65536):
            pass
    return filler


def clear(filler: Path) -> None:
    for file in filler.iterdir():
        file.unlink()
    filler.rmdir()


async def test_a_full_disk(small_disk: Path, tmp_path: Path, keras_python: list[str]) -> None:
    """Before a replay, and before a worker."""
    around = Surroundings(tmp_path, keras_python)
    client = await around.start()
    try:
        typist = Typist(client, around.uri)
        typist.open(3)
        await typist.exact()
        worker = around.look(client)[0]
        filler = fill(small_disk)
        # What ends meanwhile makes room.
        full = partial(fill, small_disk)
        await again(typist, words="could not begin: No space left on device", before=full)
        clear(filler)
        await again(typist)
        assert around.look(client)[0] == worker, "the worker has stayed"

        filler = fill(small_disk)
        os.kill(worker, signal.SIGKILL)
        await again(typist, words="worker could be made: No space left on device", before=full)
        assert around.folders() == [filler], "nothing is left of the dead, and of what could not be made"
        clear(filler)
        await again(typist)
        assert await client.shutdown() == 0
        assert around.folders() == []
        assert "Traceback" not in client.stderr, client.stderr
    finally:
        await client.kill()


@pytest.fixture
def without_proc() -> tuple[str, ...]:
    for options in (["-m"], ["-rm"]):
        command = ("unshare", *options, "sh", "-c", WITHOUT_PROC, "sh")
        tried = subprocess.run([*command, "true"], check=False, capture_output=True)
        if tried.returncode == 0:
            return command
    pytest.skip("/proc cannot be taken away here")


async def test_no_proc(without_proc: tuple[str, ...], tmp_path: Path, keras_python: list[str]) -> None:
    around = Surroundings(tmp_path, keras_python)
    client = await around.start((*without_proc, *SERVE))
    try:
        typist = Typist(client, around.uri)
        typist.open(3)
        await typist.exact()
        await nothing_is_left(around, client)
    finally:
        await client.kill()
