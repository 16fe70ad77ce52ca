"""Catalogues on disk: whole, or not there."""

from __future__ import annotations

import gzip
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.catalogue_store import CatalogueStore

if TYPE_CHECKING:
    from pathlib import Path

NAME = "keras3-3.15.1-1.json.gz"


def test_what_was_kept_is_found_by_the_next_session(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "keras-lsp"
    CatalogueStore(folder).save(NAME, {"keras": "3.15.1"})
    assert CatalogueStore(folder).load(NAME) == {"keras": "3.15.1"}
    assert [file.name for file in folder.iterdir()] == [NAME]


def test_other_versions_are_other_files(tmp_path: Path) -> None:
    store = CatalogueStore(tmp_path)
    store.save(NAME, {})
    assert store.load("keras3-3.14.0-1.json.gz") is None


@pytest.mark.parametrize(
    "data",
    [b"", b"text", gzip.compress(b"{", mtime=0), gzip.compress(b"{}", mtime=0)[:-5], b"\x1f\x8b\x08\x00" * 9],
)
def test_a_corrupt_file_is_ignored_and_replaced(tmp_path: Path, data: bytes) -> None:
    (tmp_path / NAME).write_bytes(data)
    store = CatalogueStore(tmp_path)
    assert store.load(NAME) is None
    store.save(NAME, [1])
    assert store.load(NAME) == [1]


def test_without_a_folder_nothing_is_kept() -> None:
    store = CatalogueStore()
    store.save(NAME, {})
    assert store.load(NAME) is None


def test_a_folder_that_cannot_be_made_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = CatalogueStore(tmp_path / "file" / "below")
    store.save(NAME, {})
    assert store.load(NAME) is None


def test_what_cannot_be_written_whole_is_not_written(tmp_path: Path) -> None:
    store = CatalogueStore(tmp_path)
    (tmp_path / NAME).mkdir()  # in the way
    store.save(NAME, {})
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no variable says it elsewhere")
def test_a_server_of_the_tests_leaves_the_users_cache_alone(cache_folder: Path) -> None:
    keep = f"from {CatalogueStore.__module__} import *; CatalogueStore.of_user().save('of-a-test', 1)"
    subprocess.run([sys.executable, "-c", keep], check=True)
    assert (cache_folder / "keras-lsp" / "of-a-test").is_file()
