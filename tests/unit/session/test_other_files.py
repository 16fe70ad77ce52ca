"""Models whose base class is in another file: recognised once looked up, and as long as it is so."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from keras_lsp.session.project import ProjectFiles
from keras_lsp.session.session import Session
from keras_lsp.session.settings import Settings
from keras_lsp.session.snapshot import ReplayState
from tests.unit.session.conftest import Bench, Builders, document

if TYPE_CHECKING:
    from pathlib import Path

BASE_KEY = "file:///w/base.py"
NET_KEY = "file:///w/net.py"
BASE = "import keras\n\nclass Base(keras.Model):\n    pass\n"
PLAIN = "class Base:\n    pass\n"
NET = """\
from base import Base
from layers import make

class Net(Base):
    def __init__(self):
        super().__init__()
        self.head = make(3)

    def call(self, inputs):
        return self.head(inputs)
"""


def classes(bench: Bench, key: str = NET_KEY) -> list[str]:
    return [model.name for model in bench.view(key).facts.classes]


@pytest.fixture
async def pair(untrusted: Bench) -> Bench:
    """net.py is open, base.py is on disk."""
    untrusted.session.set_roots(("/w",))
    untrusted.disk.texts["/w/base.py"] = BASE
    untrusted.session.open(document(NET, "/w/net.py"))
    await untrusted.settle()
    return untrusted


async def test_a_file_that_changes_outside_of_the_editor_is_noticed(pair: Bench) -> None:
    assert classes(pair) == ["Net"]
    pair.disk.texts["/w/base.py"] = PLAIN
    pair.session.look_around()
    await pair.settle()
    assert classes(pair) == []
    pair.disk.texts["/w/base.py"] = BASE
    pair.session.look_around()
    await pair.settle()
    assert classes(pair) == ["Net"]
    told = len(pair.builders.changed)
    pair.session.look_around()
    await pair.settle()
    assert len(pair.builders.changed) == told  # nothing was to be said


async def test_opening_does_not_wait_and_the_listener_hears_of_it(untrusted: Bench) -> None:
    untrusted.disk.texts["/w/base.py"] = BASE
    untrusted.session.open(document(NET, "/w/net.py"))
    assert classes(untrusted) == []
    assert untrusted.view(NET_KEY).state is ReplayState.STATIC
    before, told = untrusted.session.snapshot(), len(untrusted.builders.changed)
    await untrusted.settle()
    assert classes(untrusted) == ["Net"]
    assert untrusted.view(NET_KEY).state is ReplayState.UNAVAILABLE
    assert untrusted.builders.changed[told:] == [NET_KEY]
    old = before.view(NET_KEY)
    assert old is not None
    assert not old.facts.classes


async def test_what_is_known_stays_known_while_the_document_is_edited(pair: Bench) -> None:
    pair.edit(NET.replace("make(3)", "make(4)"), NET_KEY)
    assert classes(pair) == ["Net"]
    pair.edit(NET + "\n\nclass Other(Base): ...\n", NET_KEY)
    assert classes(pair) == ["Net", "Other"]


async def test_the_unsaved_text_of_an_open_document_counts(pair: Bench) -> None:
    pair.session.open(document(BASE, "/w/base.py"))
    await pair.settle()
    pair.edit(PLAIN, BASE_KEY)
    assert classes(pair) == ["Net"], "nothing blinks before it was looked up"
    await pair.settle()
    assert classes(pair) == []
    pair.edit(BASE + "# and a comment\n", BASE_KEY)
    await pair.settle()
    assert classes(pair) == ["Net"]


CONFIGURED = """\
import keras
from config import UNITS

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(UNITS)
"""


def units(bench: Bench) -> str:
    (model,) = bench.view(NET_KEY).facts.classes
    (slot,) = model.slots
    assert slot.call is not None
    return slot.call.arguments[0].stands_for


async def test_constants_of_another_document_as_it_is_now(untrusted: Bench) -> None:
    untrusted.session.set_roots(("/w",))
    untrusted.disk.texts["/w/config.py"] = "UNITS = 1\n"
    untrusted.session.open(document(CONFIGURED, "/w/net.py"))
    assert units(untrusted) == "", "the answer did not wait"
    await untrusted.settle()
    assert units(untrusted) == "1"
    untrusted.session.open(document("UNITS = 2\n", "/w/config.py"))
    await untrusted.settle()
    assert units(untrusted) == "2"
    untrusted.edit("UNITS = True\nUNITS.x(\n", "file:///w/config.py")
    await untrusted.settle()
    assert units(untrusted) == "True"
    untrusted.edit("UNITS = 1\n", "file:///w/config.py")
    await untrusted.settle()
    assert units(untrusted) == "1"
    before = untrusted.view(NET_KEY).facts
    untrusted.edit("UNITS = 1\nOTHER = 2\n", "file:///w/config.py")
    await untrusted.settle()
    assert untrusted.view(NET_KEY).facts is before, "nothing that it uses changed"
    untrusted.edit("UNITS = 1\nUNITS = 2\n", "file:///w/config.py")
    await untrusted.settle()
    assert units(untrusted) == ""


async def test_closing_the_other_means_that_the_disk_counts(pair: Bench) -> None:
    pair.session.open(document(PLAIN, "/w/base.py"))
    await pair.settle()
    assert classes(pair) == []
    pair.session.close(BASE_KEY)
    await pair.settle()
    assert classes(pair) == ["Net"]


async def test_a_file_that_was_saved_by_another_program(pair: Bench) -> None:
    pair.disk.texts["/w/base.py"] = PLAIN
    pair.edit(NET + "\n", NET_KEY)
    await pair.settle()
    assert classes(pair) == []


async def test_a_change_two_files_away(pair: Bench) -> None:
    pair.disk.texts["/w/base.py"] = "from deep import Deep\n\nclass Base(Deep):\n    pass\n"
    pair.session.open(document("class Deep: ...\n", "/w/deep.py"))
    await pair.settle()
    assert classes(pair) == []
    pair.edit("import keras\nclass Deep(keras.Model): ...\n", "file:///w/deep.py")
    await pair.settle()
    assert classes(pair) == ["Net"]


async def test_a_half_typed_statement_in_the_other_file_hides_nothing(pair: Bench) -> None:
    pair.session.open(document(BASE + "\nmodel = Base(\n", "/w/base.py"))
    await pair.settle()
    assert classes(pair) == ["Net"]


async def test_without_the_import_nothing_is_left(pair: Bench) -> None:
    pair.edit(NET.replace("from base import Base\n", "Base = object\n"), NET_KEY)
    await pair.settle()
    assert classes(pair) == []
    pair.edit("class Net: ...\n", NET_KEY)
    await pair.settle()
    assert pair.view(NET_KEY).state is ReplayState.STATIC


async def test_what_was_found_for_an_older_text_or_a_closed_document_is_dropped(untrusted: Bench) -> None:
    untrusted.disk.texts["/w/base.py"] = BASE
    untrusted.session.open(document(NET, "/w/net.py"))
    untrusted.edit("from base import Other\n\nclass Net(Other): ...\n", NET_KEY)
    await untrusted.settle()
    assert classes(untrusted) == []
    untrusted.edit(NET, NET_KEY)
    untrusted.session.close(NET_KEY)
    await untrusted.settle()
    assert untrusted.session.snapshot().view(NET_KEY) is None


async def test_a_class_that_is_known_late_is_replayed(pair: Bench) -> None:
    pair.session.set_trusted(True)
    await pair.settle()
    assert [request.classes for request in pair.builders.requests] == [("Net",)]
    pair.session.open(document("import keras\nx = keras.Input((3,))\n" + NET, "/w/late.py"))
    await pair.settle()
    assert pair.builders.requests[-1].classes == ("Net",)
    assert pair.view("file:///w/late.py").current is not None


async def test_only_documents_that_import_others_are_looked_up(untrusted: Bench) -> None:
    read: list[str] = []
    untrusted.disk.text_of = read.append  # type: ignore[assignment,method-assign]  # gives None, as no file does
    text = "import os, sys\nfrom pathlib import Path\nimport keras\nimport numpy as np\n"
    untrusted.session.open(document(text + "Path(os.getcwd())\nmodel = keras.Model()\n"))
    await untrusted.settle()
    assert read == []
    untrusted.session.open(document("import os, nets.a as n\nn.Net()\n", "/w/net.py"))
    await untrusted.settle()
    assert "/w/nets/a.py" in read


async def test_the_end_ends_the_thread(pair: Bench) -> None:
    pair.edit(NET + "\n", NET_KEY)
    await pair.session.close_all("done")
    with pytest.raises(RuntimeError):
        pair.session._others._names._thread.submit(print)


async def test_files_and_packages_on_a_real_disk(tmp_path: Path) -> None:
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    package = site / "hub"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from hub.src.backbone import *\n")
    (package / "src").mkdir()
    (package / "src" / "backbone.py").write_text("import keras\nclass Backbone(keras.Model): ...\n")
    (tmp_path / "base.py").write_text("import hub\nclass Base(hub.Backbone): ...\n")
    builders = Builders()
    settings = Settings((str(tmp_path / "venv" / "bin" / "python"),), idle_seconds=0.0)
    bench = Bench(builders, None, Session(builders, settings, builders))  # type: ignore[arg-type]  # the disk is real
    bench.session.set_roots((str(tmp_path),))
    path = str(tmp_path / "net.py")
    bench.session.open(document(NET, path))
    await bench.settle()
    assert classes(bench, f"file://{path}") == ["Net"]
    await bench.session.close_all("done")


def test_where_packages_are(tmp_path: Path, bare_python: list[str]) -> None:
    (folder,) = ProjectFiles().packages_of(tuple(bare_python))
    assert folder.endswith("site-packages")
    assert ProjectFiles().packages_of(("conda", "run", "python")) == ()
    assert ProjectFiles().packages_of((str(tmp_path / "bin" / "python"),)) == ()


def test_files_that_cannot_be_read_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "big.py").write_bytes(b"#" * (2 << 20))
    for name in ("big.py", "none.py", "", "a\0b"):
        assert ProjectFiles().text_of(str(tmp_path / name)) is None


def test_jedi_is_not_imported_for_the_files_of_the_workspace() -> None:
    program = """
import asyncio, sys
from tests.unit.session.conftest import Bench, Builders, Disk, document
from tests.unit.session.test_other_files import BASE, NET, NET_KEY, classes
from keras_lsp.session.session import Session
from keras_lsp.session.settings import Settings

async def main():
    builders, disk = Builders(), Disk(texts={"/w/base.py": BASE}, installed=("/nowhere/site-packages",))
    bench = Bench(builders, disk, Session(builders, Settings(idle_seconds=0.0), builders, disk))
    bench.session.open(document("import os\\nfrom base import Base\\nprint(os.name)\\n", "/w/plain.py"))
    bench.session.open(document(NET, "/w/net.py"))
    await bench.settle()
    print(classes(bench), "jedi" in sys.modules)
    await bench.session.close_all("done")

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("['Net'] False", 0), done.stderr
