"""Models that pytest gives to a test: fixtures of `conftest.py` in the same folder and in those above."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.source.extract import facts_of
from keras_lsp.source.jedi_names import JediNames
from keras_lsp.source.jedi_resolver import JediResolver
from keras_lsp.source.parse import parse
from keras_lsp.source.resolve import needs_others
from tests.test_cases import binding_line

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = {
    "conftest.py": """
import keras
import pytest
from nets import Net


class Here(keras.Model):
    pass


@pytest.fixture(scope="session")
def net():
    return Net()


@pytest.fixture
def here():
    yield Here()


@pytest.fixture(name="chain")
def make_chain():
    return keras.Sequential([keras.layers.Dense(1), keras.layers.ReLU()])


@pytest.fixture
def number():
    return 3


def helper():
    return Net()
""",
    "nets.py": "import keras\n\nclass Net(keras.Model):\n    pass\n",
    "deep/conftest.py": """
import keras
import pytest
from ..nets import Net as Other


@pytest.fixture
def chain():
    return keras.Sequential([keras.layers.Dense(1)])


@pytest.fixture
def trained(net):
    net.fit([1])
    return net


@pytest.fixture
def other():
    return Other()
""",
    "shared/__init__.py": "",
    "shared/fixtures.py": """
import keras
import pytest
from ..nets import Net


class Local(keras.Model):
    pass


@pytest.fixture
def imported():
    return Net()


@pytest.fixture
def renamed():
    return Local()


@pytest.fixture(name="spoken")
def make_spoken():
    return keras.Sequential([keras.layers.ReLU()])


def no_fixture():
    return Net()
""",
    "shared/plugin.py": """
import keras
import pytest


@pytest.fixture
def plugged():
    return keras.Sequential([keras.layers.Dense(1)])
""",
    "shared/more.py": "from .fixtures import imported\n",
    "using/conftest.py": """
from ..shared.fixtures import renamed as other_name, make_spoken, no_fixture
from ..shared.more import *
pytest_plugins = ["shared.plugin"]
""",
    "beside/conftest.py": """
import keras, pytest

@pytest.fixture
def beside():
    return keras.Sequential()
""",
}


@pytest.fixture
def bindings(tmp_path: Path) -> Callable[..., list[str]]:
    """What the names of a test file stand for."""
    for name, text in FILES.items():
        file = tmp_path / "tests" / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text)

    def read(path: str) -> str | None:
        file = Path(path)
        return file.read_text() if file.is_file() else None

    def of(text: str, path: str = "tests/test_net.py") -> list[str]:
        names = JediNames(read)
        resolver = JediResolver(str(tmp_path / path), str(tmp_path))
        parsed = parse(text)
        assert needs_others(text) or "def test" not in text
        names.look_up(resolver, parsed).result()
        names.close()
        return [binding_line(binding) for binding in facts_of(parsed, resolver).bindings]

    return of


def test_of_the_same_folder(bindings: Callable[..., list[str]]) -> None:
    text = "def test_it(net, chain, here):\n    pass\n\nclass TestIt:\n    def test_more(self, net): pass\n"
    assert bindings(text) == [
        "net: subclass Net",
        "chain: sequential Sequential [Dense, ReLU] complete",
        "here: subclass Here",
        "net: subclass Net",
    ]


def test_of_the_nearest_folder_that_has_it(bindings: Callable[..., list[str]]) -> None:
    text = "def test_it(chain, net, trained, other): pass\n"
    assert bindings(text, "tests/deep/test_net.py") == [
        "chain: sequential Sequential [Dense] complete",
        "net: subclass Net",
        "trained: subclass Net",
        "other: subclass Net",
    ]
    assert bindings(text, "tests/deep/er/test_net.py") == bindings(text, "tests/deep/test_net.py")


def test_a_fixture_of_the_file_itself_counts_before(bindings: Callable[..., list[str]]) -> None:
    own = "import keras, pytest\n\n@pytest.fixture\ndef net():\n    return {}\n\ndef test_it(net): pass\n"
    assert bindings(own.format("keras.Sequential()")) == ["net: sequential Sequential complete"]
    assert bindings(own.format("3")) == []


def test_a_fixture_made_of_one_of_another_file(bindings: Callable[..., list[str]]) -> None:
    text = "import pytest\n\n@pytest.fixture\ndef tuned(net):\n    return net\n\ndef test_it(tuned): pass\n"
    assert "tuned: subclass Net" in bindings(text)


@pytest.mark.parametrize(
    "text",
    [
        "def test_it(number, helper, beside, missing, tmp_path): pass\n",
        "def use(net): pass\n",
        "import net\n\ndef test_it(net: int): pass\n",
    ],
)
def test_what_is_no_model_or_not_given(bindings: Callable[..., list[str]], text: str) -> None:
    assert bindings(text) == []


def test_fixtures_that_a_conftest_imports(bindings: Callable[..., list[str]]) -> None:
    text = "def test_it(imported, other_name, spoken, plugged, net): pass\n"
    assert bindings(text, "tests/using/test_net.py") == [
        "imported: subclass Net",
        "other_name: subclass Local",
        "spoken: sequential Sequential [ReLU] complete",
        "plugged: sequential Sequential [Dense] complete",
        "net: subclass Net",
    ]
    unlike = "def test_it(renamed, make_spoken, no_fixture, plugged): pass\n"
    assert bindings(unlike) == []
    assert bindings(unlike, "tests/using/test_net.py") == ["plugged: sequential Sequential [Dense] complete"]


def test_an_annotation_says_more_than_a_fixture(bindings: Callable[..., list[str]]) -> None:
    text = "import keras\n\ndef test_it(net: keras.Sequential): pass\n"
    assert bindings(text) == ["net: sequential ?"]
