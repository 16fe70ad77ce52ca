"""When the catalogue of an environment is looked up, read by the worker, and kept."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

from keras_lsp.knowledge.api import FORMAT
from keras_lsp.sandbox.builder import ReplayOutcome
from keras_lsp.sandbox.catalogue_store import CatalogueStore
from keras_lsp.sandbox.packages import Packages
from keras_lsp.session.session import Session
from keras_lsp.session.settings import Settings
from tests.unit.knowledge.test_api import SMALL
from tests.unit.session.conftest import HELLO, Bench, Builders, Disk, document

if TYPE_CHECKING:
    from pathlib import Path

    from keras_lsp.knowledge.api import Api

VERSION = "3.99.0"
PYTHON = hashlib.sha256(b"/usr/bin/python3").hexdigest()[:12]
FILE = f"keras3-{VERSION}-{PYTHON}-{FORMAT}.json.gz"
READ = {**SMALL, "keras": VERSION}


def bench_with(folder: Path, builders: Builders) -> Bench:
    builders.packages = Packages(VERSION, "2.21.0")
    builders.hello = dataclasses.replace(HELLO, keras=VERSION)
    disk = Disk()
    session = Session(builders, Settings(idle_seconds=0.0), builders, disk, CatalogueStore(folder))
    return Bench(builders, disk, session)


async def settled(bench: Bench) -> Api | None:
    """What the document's view offers once nothing is under way."""
    await bench.settle()
    await bench.session._catalogues.settle()
    return bench.session.snapshot().views[document().key].api


async def test_the_worker_reads_it_once_and_it_is_kept(tmp_path: Path) -> None:
    builders = Builders(offered=READ)
    bench = bench_with(tmp_path, builders)
    bench.session.set_trusted(True)
    bench.session.open(document())
    api = await settled(bench)
    assert api is not None
    assert api.version == VERSION
    assert (tmp_path / FILE).is_file()
    bench.session.rebuild(document().key)
    await settled(bench)
    assert builders.catalogues == 1
    await bench.session.close_all("end")


async def test_the_next_session_takes_it_from_disk_also_untrusted(tmp_path: Path) -> None:
    CatalogueStore(tmp_path).save(FILE, READ)
    builders = Builders()
    bench = bench_with(tmp_path, builders)
    bench.session.open(document())
    api = await settled(bench)
    assert api is not None
    assert api.version == VERSION
    assert builders.catalogues == 0
    await bench.session.close_all("end")


async def test_what_one_environment_says_is_for_no_other(tmp_path: Path) -> None:
    """It may lie about its version, or about Keras."""
    builders = Builders()
    bench = bench_with(tmp_path, builders)
    other = f"keras3-{VERSION}-{hashlib.sha256(b'/w/.venv/bin/python').hexdigest()[:12]}-1.json.gz"
    CatalogueStore(tmp_path).save(other, READ)
    bench.session.open(document())
    assert await settled(bench) is None


async def test_untrusted_and_never_read_there_is_none(tmp_path: Path) -> None:
    builders = Builders(offered=READ)
    bench = bench_with(tmp_path, builders)
    bench.session.open(document())
    assert await settled(bench) is None
    assert builders.catalogues == 0
    assert not (tmp_path / FILE).exists()
    await bench.session.close_all("end")


async def test_nonsense_of_a_worker_or_a_file_is_not_used(tmp_path: Path) -> None:
    CatalogueStore(tmp_path).save(FILE, {"format": 1})
    builders = Builders(offered=["nonsense"])
    bench = bench_with(tmp_path, builders)
    bench.session.set_trusted(True)
    bench.session.open(document())
    assert await settled(bench) is None
    bench.session.rebuild(document().key)
    assert await settled(bench) is None
    assert builders.catalogues == 1
    await bench.session.close_all("end")


async def test_it_is_asked_for_again_only_where_a_replay_came_in_between(tmp_path: Path) -> None:
    for terminal, times in ((False, 2), (True, 1)):
        builders = Builders(outcome=ReplayOutcome(reason="It was stopped.", terminal=terminal))
        bench = bench_with(tmp_path, builders)
        bench.session.set_trusted(True)
        bench.session.open(document())
        assert await settled(bench) is None
        bench.session.rebuild(document().key)
        assert await settled(bench) is None
        assert builders.catalogues == times
        await bench.session.close_all("end")


async def test_an_environment_like_the_bundled_one_is_not_read(tmp_path: Path) -> None:
    from keras_lsp.knowledge.bundled import bundled

    builders = Builders(offered=READ)
    bench = bench_with(tmp_path, builders)
    builders.packages = Packages(bundled(3).version, "2.21.0")
    bench.session.open(document())
    assert await settled(bench) is bundled(3)
    await bench.session.close_all("end")
