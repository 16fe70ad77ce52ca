"""What honest programs do, and must still be able to do."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.sandbox.registry import allowed

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene


@allowed()
def read_module(scene: Scene) -> str:
    return scene.module.read_text(encoding="utf-8")


@allowed()
def read_data(scene: Scene) -> str:
    return f"{len((scene.workspace / 'data.bin').read_bytes())} bytes"


@allowed()
def import_module(scene: Scene) -> str:
    sys.path.insert(0, str(scene.workspace))
    found: Any = importlib.import_module("package.part")
    return f"answer {found.ANSWER}"


@allowed()
def list_workspace(scene: Scene) -> str:
    return str(sorted(path.name for path in scene.workspace.iterdir()))


@allowed()
def walk_package(scene: Scene) -> str:
    return str(sorted(path.name for path in (scene.workspace / "package").rglob("*.py")))


@allowed()
def read_environment(scene: Scene) -> str:
    return (scene.environment / "library.py").read_text(encoding="utf-8")


@allowed()
def import_unseen(_: Scene) -> str:
    return f"{importlib.import_module('xml.dom.minidom')} {importlib.import_module('decimal')}"


@allowed("landlock")
def write_own(scene: Scene) -> str:
    path = scene.own / "file"
    path.write_text("x", encoding="utf-8")
    path.rename(scene.own / "renamed")
    (scene.own / "renamed").unlink()
    return "written, renamed and deleted"


@allowed("landlock3")
def truncate_own(scene: Scene) -> str:
    path = scene.own / "file"
    path.write_text("x", encoding="utf-8")
    os.truncate(path, 0)
    return f"{path.stat().st_size} bytes"


@allowed("landlock")
def make_folders(scene: Scene) -> str:
    import shutil

    (scene.own / "one" / "two").mkdir(parents=True)
    (scene.own / "one" / "file").write_text("x", encoding="utf-8")
    shutil.rmtree(scene.own / "one")
    return "made and deleted"


@allowed("landlock2")
def move_to_another_folder(scene: Scene) -> str:
    (scene.own / "here").mkdir()
    (scene.own / "there").mkdir()
    (scene.own / "here" / "file").write_text("x", encoding="utf-8")
    return str((scene.own / "here" / "file").rename(scene.own / "there" / "file"))


@allowed("landlock")
def copy_with_times(scene: Scene) -> str:
    import shutil

    return str(shutil.copytree(scene.workspace / "package", scene.own / "copy", ignore=_only_sources))


def _only_sources(_: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".py")]


@allowed("landlock")
def temporary_file(scene: Scene) -> str:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
        assert Path(file.name).parent == scene.own
        return file.name


@allowed("landlock")
def temporary_folder(_: Scene) -> str:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "file").write_text("x", encoding="utf-8")
        return folder


@allowed("landlock")
def nameless_temporary_file(_: Scene) -> str:
    import tempfile

    with tempfile.TemporaryFile() as file:
        return f"{file.write(b'x')} bytes"


@allowed("landlock")
def database(scene: Scene) -> str:
    import sqlite3

    connection = sqlite3.connect(scene.own / "base")
    with connection:
        connection.execute("create table one (two)")
        connection.execute("insert into one values (3)")
    return str(connection.execute("select * from one").fetchall())


@allowed("landlock")
def archive(scene: Scene) -> str:
    import zipfile

    with zipfile.ZipFile(scene.own / "archive.zip", "w") as made:
        made.write(scene.module, "module.py")
    with zipfile.ZipFile(scene.own / "archive.zip") as made:
        made.extractall(scene.own / "extracted")
    return str(list((scene.own / "extracted").iterdir()))


@allowed("landlock")
def tar_archive(scene: Scene) -> str:
    import tarfile

    with tarfile.open(scene.own / "archive.tar", "w") as made:
        made.add(scene.module, "module.py")
    with tarfile.open(scene.own / "archive.tar") as made:
        made.extractall(scene.own / "extracted")  # noqa: S202  # its own
    return str(list((scene.own / "extracted").iterdir()))


@allowed()
def compressed_bytes(_: Scene) -> str:
    """In memory, as the bombs are."""
    import gzip
    import lzma

    return f"{len(gzip.decompress(gzip.compress(bytes(1000))) + lzma.decompress(lzma.compress(b'x')))} bytes"


@allowed("landlock", needs=("numpy",))
def saved_arrays(scene: Scene) -> str:
    numpy: Any = importlib.import_module("numpy")
    numpy.savez_compressed(scene.own / "weights.npz", kernel=numpy.ones((3, 4)))
    return str(numpy.load(scene.own / "weights.npz")["kernel"].sum())


@allowed("landlock", needs=("h5py",))
def saved_weights(scene: Scene) -> str:
    """Compressed in pieces, as weights are."""
    hdf5: Any = importlib.import_module("h5py")
    with hdf5.File(scene.own / "weights.h5", "w") as file:
        file.create_dataset("layers/dense/kernel", data=[[1.0, 2.0]], chunks=(1, 2), compression="gzip")
    with hdf5.File(scene.own / "weights.h5") as file:
        return str(file["layers/dense/kernel"][...].sum())


@allowed()
def threads(_: Scene) -> str:
    done: list[int] = []
    started = [threading.Thread(target=done.append, args=(number,)) for number in range(20)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return f"{len(done)} threads"


@allowed()
def thread_pool(_: Scene) -> str:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        return str(sum(pool.map(abs, range(100))))


@allowed()
def event_loop(_: Scene) -> str:
    """asyncio wakes its loop through a pair of sockets."""
    import asyncio

    async def answer() -> str:
        await asyncio.sleep(0.01)
        return "awaited"

    return asyncio.run(answer())


@allowed()
def pair_of_sockets(_: Scene) -> str:
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"x")
        return str(other.recv(1))


@allowed(needs=("numpy",))
def arrays(_: Scene) -> str:
    numpy: Any = importlib.import_module("numpy")
    made = numpy.random.default_rng(0).normal(size=(100, 100))
    return f"sum {float((made @ made).sum()):.3f}"


@allowed()
def some_memory(_: Scene) -> str:
    return f"{len(bytearray(64 << 20))} bytes"


@allowed()
def read_status(_: Scene) -> str:
    return Path("/proc/self/status").read_text(encoding="utf-8").splitlines()[0]


@allowed()
def count_processors(_: Scene) -> str:
    return f"{os.cpu_count()} and {len(os.sched_getaffinity(0))}"


@allowed()
def local_time(_: Scene) -> str:
    return time.strftime("%Z", time.localtime())


@allowed(needs=("zoneinfo",))
def time_zone(_: Scene) -> str:
    found: Any = importlib.import_module("zoneinfo")
    return str(found.ZoneInfo("Europe/Berlin"))


@allowed()
def name_system(_: Scene) -> str:
    import platform

    return str(platform.uname()[:5])


@allowed()
def random_bytes(_: Scene) -> str:
    with Path("/dev/urandom").open("rb") as device:
        return f"{len(os.urandom(16) + device.read(4))} bytes"


@allowed("landlock")
def write_to_null(_: Scene) -> str:
    with Path(os.devnull).open("w", encoding="utf-8") as device:
        return f"{device.write('x')} bytes"


@allowed()
def print_and_log(_: Scene) -> str:
    import logging

    print("x" * 100)  # noqa: T201  # what is tried
    logging.getLogger("everyday").warning("x")
    return "printed"


@allowed()
def signal_itself(_: Scene) -> str:
    caught: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _: caught.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR1)
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
    return f"caught {len(caught)}"


@allowed()
def alarm(_: Scene) -> str:
    caught: list[int] = []
    signal.signal(signal.SIGALRM, lambda number, _: caught.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    signal.sigtimedwait([], 0.1)
    return f"caught {len(caught)}"


@allowed()
def pipes(_: Scene) -> str:
    reading, writing = os.pipe()
    os.write(writing, b"x")
    return str(os.read(reading, 1))
