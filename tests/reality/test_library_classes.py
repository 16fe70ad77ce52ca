"""What the text says of packages that nobody here wrote is what their instances really hold.

The packages come from PyPI for the test; offline it is skipped. `KERAS_LSP_REALITY_SECONDS` gives each
package more time than the seconds that suffice to see a few hundred classes. `KERAS_LSP_ALL_LIBRARIES` adds
packages in which few classes are layers, two of them for tf-keras 2; then all are judged together, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.reality.verdicts import Tally, compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.warm import WarmKeras

PACKAGES = {
    "deepctr": "deepctr==0.9.4",
    "keras_cv.src": "keras-cv==0.9.0",
    "keras_hub.src": "keras-hub==0.32.0",
}
MORE = {
    "autokeras": "autokeras==3.0.0 keras-tuner==1.4.8",
    "deepface": "deepface==0.0.103",
    "keras_rs.src": "keras-rs==0.4.0",
    "keras_unet_collection": "keras-unet-collection==0.1.13",
    "stardist": "stardist==0.9.1 csbdeep==0.8.2 scipy",
}
LEGACY = {  # for tf-keras 2
    "keras_cv_attention_models": "keras-cv-attention-models==1.4.3",
    "tensorflow_recommenders": "tensorflow-recommenders==0.7.7",
}
ALL = bool(os.environ.get("KERAS_LSP_ALL_LIBRARIES"))
SECONDS = os.environ.get("KERAS_LSP_REALITY_SECONDS", "16")
PROGRAM = Path(__file__).parent / "instances.py"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory, PACKAGES)


@pytest.fixture(scope="module")
def more_libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory, {**MORE, **LEGACY})


def installed(tmp_path_factory: pytest.TempPathFactory, packages: dict[str, str]) -> Path:
    """A folder with the packages, and without what they depend on."""
    folder = tmp_path_factory.mktemp("libraries").resolve()
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    named = [name for names in packages.values() for name in names.split()]
    done = subprocess.run([*command, *named], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the packages cannot be had: {done.stderr.strip().splitlines()[-1]}")
    return folder


@pytest.fixture(scope="module")
def everything() -> Tally:
    """What all packages of this run have come to."""
    return Tally()


def test_attributes_of_library_classes(libraries: Path, keras3: WarmKeras, everything: Tally) -> None:
    tally = Tally()
    for package in PACKAGES:
        told = keras3.output(str(PROGRAM), str(libraries), SECONDS, package)
        compare(json.loads(told), libraries, tally)
    print(tally)  # noqa: T201  # the misses, for whoever looks for causes
    everything.take(tally)
    assert tally.classes >= 300
    assert len(tally.holders) >= 150
    assert tally.right >= 0.98, str(tally)
    assert tally.wrong <= 0.005, str(tally)


@pytest.mark.skipif(not ALL, reason="KERAS_LSP_ALL_LIBRARIES is not set")
def test_attributes_of_more_libraries(
    more_libraries: Path, keras3: WarmKeras, tf_keras: WarmKeras, everything: Tally
) -> None:
    tally = Tally()
    for package in (*MORE, *LEGACY):
        keras = tf_keras if package in LEGACY else keras3
        compare(
            json.loads(keras.output(str(PROGRAM), str(more_libraries), SECONDS, package)),
            more_libraries,
            tally,
        )
    print(tally)  # noqa: T201  # as above
    everything.take(tally)
    assert tally.classes >= 90
    assert len(tally.holders) >= 24
    assert tally.right >= 0.85, str(tally)  # one of them hides its imports, another what its functions make
    assert tally.wrong == 0, str(tally)


@pytest.mark.skipif(not ALL, reason="KERAS_LSP_ALL_LIBRARIES is not set")
def test_attributes_of_all_libraries_together(everything: Tally) -> None:
    if everything.classes < 300:
        pytest.skip("the tests before this one did not run")
    assert everything.right >= 0.97, str(everything)
    assert everything.wrong <= 0.005, str(everything)


@pytest.fixture
def library(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "library.py"
        file.write_text(text)
        return file

    return write


TEXT = """import keras

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.a = keras.layers.Dense(1)
        self.b = [keras.layers.Dense(1), keras.layers.ReLU()]
        self.c = keras.layers.Dense(1)
        self.d = make()
"""
DENSE = {"kind": "layer", "class": "Dense", "given": False}
RELU = {"kind": "layer", "class": "ReLU", "given": False}
VERDICTS = [
    ("a", DENSE, "right"),
    ("a", RELU, "wrong class"),
    ("a", {"kind": "other", "type": "int"}, "no layer"),
    ("b", {"kind": "list", "elements": [DENSE, RELU], "length": 2}, "right"),
    ("b", {"kind": "list", "elements": [DENSE], "length": 1}, "wrong length"),
    ("b", {"kind": "list", "elements": [RELU, DENSE], "length": 2}, "wrong class"),
    ("b", {"kind": "list", "elements": [DENSE, RELU, DENSE], "length": 3}, "missed"),
    ("d", DENSE, "missed"),
]


@pytest.mark.parametrize(("attribute", "value", "verdict"), VERDICTS)
def test_the_judge(
    library: Callable[[str], Path], attribute: str, value: dict[str, object], verdict: str
) -> None:
    file = library(TEXT)
    seen = {"value": value, "file": str(file), "line": 6}
    told = {"classes": {"library:Net": {"file": str(file), "attributes": {attribute: [seen]}}}, "names": {}}
    tally = Tally()
    compare(told, file.parent, tally)
    assert tally.total == {verdict: 1}
