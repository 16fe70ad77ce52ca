"""Reading catalogues: the bundled ones, and data that is none."""

from __future__ import annotations

import copy
import gzip
import json
import subprocess
import sys
from importlib import resources
from typing import Any

import pytest

from keras_lsp.knowledge.api import FORMAT, read_api
from keras_lsp.knowledge.bundled import bundled

SMALL: dict[str, Any] = {
    "format": FORMAT,
    "keras": "3.0",
    "line": 3,
    "entries": {
        "keras": {"kind": "module"},
        "keras.Thing": {
            "kind": "class",
            "parameters": [["a"], ["b", "None"], ["*"], ["c", "1"], ["**kwargs"]],
            "arguments": {"a": "The a."},
            "choices": {"b": ["x", "y"]},
            "weights": ["kernel"],
            "more": ["name"],
        },
    },
    "aliases": {"keras.OtherThing": "keras.Thing"},
    "strings": {"activations": {"relu": "keras.Thing"}},
}


def test_a_catalogue_is_read() -> None:
    api = read_api(SMALL)
    thing = api.entry("keras.OtherThing")
    assert thing is not None
    assert (thing.name, thing.positional, thing.keywords) == (
        "keras.Thing", ("a", "b"), ("a", "b", "c", "name"),
    )  # fmt: skip
    assert api.members("keras") == ("keras.Thing", "keras.OtherThing")
    assert api.is_second_name("keras.OtherThing")
    assert api.members("keras.Thing") == ()
    assert api.entry("keras.Nothing") is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), FORMAT + 1),
        (("line",), "three"),
        (("entries",), []),
        (("entries", "keras", "kind"), "planet"),
        (("entries", "keras.Thing"), "text"),
        (("entries", "keras.Thing", "parameters"), [[1]]),
        (("entries", "keras.Thing", "parameters"), [["a", "b", "c"]]),
        (("entries", "keras.Thing", "arguments"), {"a": None}),
        (("entries", "keras.Thing", "weights"), 3),
        (("aliases",), {"a": 1}),
        (("strings",), {"activations": ["relu"]}),
    ],
)
def test_what_is_none_is_refused(path: tuple[str, ...], value: object) -> None:
    data = copy.deepcopy(SMALL)
    *parents, last = path
    inner = data
    for name in parents:
        inner = inner[name]
    inner[last] = value
    with pytest.raises(ValueError, match=r"catalogue|format|planet|three|invalid"):
        read_api(data)


@pytest.mark.parametrize("data", [None, [], "text", {}])
def test_other_json_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"catalogue|format"):
        read_api(data)


def test_the_bundled_ones_are_small_and_read_on_first_use() -> None:
    files = [resources.files("keras_lsp.knowledge").joinpath(f"keras{line}.json.gz") for line in (2, 3)]
    assert sum(len(file.read_bytes()) for file in files) < 400_000
    program = (
        "import keras_lsp.lsp.wiring, keras_lsp.knowledge.bundled as b\n"
        "print(b.bundled.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def test_every_string_stands_for_something() -> None:
    for line in (2, 3):
        api = bundled(line)
        for kind, found in api.strings.items():
            assert found, kind
            assert all(api.entry(target) for target in found.values())


def test_private_names_are_left_out_and_deprecated_ones_marked() -> None:
    for line in (2, 3):
        for name in bundled(line).names():
            assert not any(part.startswith("_") for part in name.split(".")), name
            assert ".src." not in name
    tokenizer, dense = (
        bundled(2).entry(f"keras.{x}") for x in ("preprocessing.text.Tokenizer", "layers.Dense")
    )
    assert tokenizer is not None
    assert dense is not None
    assert (tokenizer.deprecated, dense.deprecated) == (True, False)


def test_the_files_hold_what_is_read() -> None:
    file = resources.files("keras_lsp.knowledge").joinpath("keras3.json.gz")
    data = json.loads(gzip.decompress(file.read_bytes()))
    assert set(data["entries"]) == set(bundled(3).names())
