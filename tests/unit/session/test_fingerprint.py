"""What makes two replays different, and which files an import may mean."""

from __future__ import annotations

import ast
import dataclasses

import pytest

from keras_lsp.session.fingerprint import imported_files, recipe_fingerprint
from keras_lsp.session.project import ModulePlace
from keras_lsp.session.snapshot import EnvironmentFacts

HERE = EnvironmentFacts(("/usr/bin/python3",), "PATH", "3.15.1", 3, "2.21.0", None)


def test_every_part_counts_and_nothing_else() -> None:
    base = recipe_fingerprint("code", {"/w/a.py": "x"}, HERE, {"M": "(1,)"})
    same_but_confirmed = dataclasses.replace(HERE, origin="setting", confirmed=True)
    assert recipe_fingerprint("code", {"/w/a.py": "x"}, same_but_confirmed, {"M": "(1,)"}) == base
    others = [
        recipe_fingerprint("other", {"/w/a.py": "x"}, HERE, {"M": "(1,)"}),
        recipe_fingerprint("code", {"/w/a.py": "y"}, HERE, {"M": "(1,)"}),
        recipe_fingerprint("code", {}, HERE, {"M": "(1,)"}),
        recipe_fingerprint("code", {"/w/a.py": "x"}, None, {"M": "(1,)"}),
        recipe_fingerprint("code", {"/w/a.py": "x"}, HERE, {"M": "(2,)"}),
        *(
            recipe_fingerprint("code", {"/w/a.py": "x"}, changed, {"M": "(1,)"})
            for changed in (
                dataclasses.replace(HERE, command=("/opt/python",)),
                dataclasses.replace(HERE, keras_version="3.16.0"),
                dataclasses.replace(HERE, keras_line=2),
                dataclasses.replace(HERE, tensorflow_version="2.22.0"),
                dataclasses.replace(HERE, tf_keras_version="2.21.0"),
            )
        ),
    ]
    assert len({base, *others}) == 1 + len(others)


@pytest.mark.parametrize(
    ("statement", "meant"),
    [
        ("import blocks", "/w/src/blocks.py"),
        ("import nets.blocks as b", "/w/src/nets/blocks.py"),
        ("import nets.blocks", "/w/src/nets/__init__.py"),
        ("from nets import blocks", "/w/src/nets/blocks.py"),
        ("from nets.blocks import Block", "/w/src/nets/blocks.py"),
        ("from nets.blocks import *", "/w/src/nets/blocks.py"),
        ("from tools import x", "/w/tools.py"),
        ("from .blocks import Block", "/w/src/nets/deep/blocks.py"),
        ("from . import blocks", "/w/src/nets/deep/blocks.py"),
        ("from ..blocks import Block", "/w/src/nets/blocks.py"),
        ("def f():\n    import late", "/w/src/late.py"),
    ],
)
def test_files_an_import_may_mean(statement: str, meant: str) -> None:
    place = ModulePlace("nets.deep", "/w/src")
    files = imported_files(ast.parse(statement), "/w/src/nets/deep/model.py", place, ("/w",))
    assert meant in files


def test_no_import_no_files_and_never_the_module_itself() -> None:
    place = ModulePlace("", "/w")
    assert imported_files(ast.parse("x = 1"), "/w/model.py", place, ("/w",)) == frozenset()
    assert "/w/model.py" not in imported_files(ast.parse("import model"), "/w/model.py", place, ("/w",))
    too_many_dots = "from ........ import x"
    assert isinstance(imported_files(ast.parse(too_many_dots), "/w/model.py", place, ()), frozenset)
