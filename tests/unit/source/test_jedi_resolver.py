"""Classes of other files: found in the background, never on the path of an answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from keras_lsp.source.extract import extract
from keras_lsp.source.facts import Built, ModelKind
from keras_lsp.source.jedi_resolver import JediNames, JediResolver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "import keras\n\nclass Base(keras.Model):\n    pass\n"
MODELS = """import tensorflow as tf
from .base import Base

class Net(Base):
    def __init__(self, units=3, name=None):
        super().__init__(name=name)
        self.dense = tf.keras.layers.Dense(units)

class Plain:
    pass
"""
MAIN = """from nets import Dense, Net
from nets.models import Plain

net = Net(4)
dense = Dense(2)
plain = Plain()

class Mine(Net):
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    package = tmp_path / "nets"
    package.mkdir()
    (package / "__init__.py").write_text("from .models import Net\nfrom keras.layers import Dense\n")
    (package / "models.py").write_text(MODELS)
    (package / "base.py").write_text(BASE)
    return tmp_path


@pytest.fixture
def names() -> Iterator[JediNames]:
    found = JediNames(read)
    yield found
    found.close()


def read(path: str) -> str | None:
    from pathlib import Path

    return Path(path).read_text(encoding="utf-8") if Path(path).exists() else None


def resolver_for(project: Path) -> JediResolver:
    return JediResolver(str(project / "main.py"), str(project))


def test_nothing_is_known_before_the_look_up(project: Path) -> None:
    resolver = resolver_for(project)
    facts = extract(MAIN, resolver)
    assert facts.bindings == ()
    assert list(resolver.wanted) == [("nets", "Net"), ("nets", "Dense"), ("nets.models", "Plain")]


def test_classes_of_other_files(project: Path, names: JediNames) -> None:
    resolver = resolver_for(project)
    extract(MAIN, resolver)
    assert names.look_up(resolver).result(timeout=60)
    facts = extract(MAIN, resolver)
    net, dense = facts.bindings
    assert (net.name, net.kind) == ("net", ModelKind.SUBCLASS)
    assert net.call is not None
    assert [(a.name, a.value) for a in net.call.arguments] == [("units", 4)]
    assert dense.call is not None
    assert dense.call.callee == "keras.layers.Dense"
    mine = facts.model_class("Mine")
    assert mine is not None
    assert mine.kind is ModelKind.SUBCLASS
    assert not mine.closed
    assert facts.keras.used
    assert resolver.wanted == {}


def test_where_a_class_comes_from(project: Path, names: JediNames) -> None:
    resolver = resolver_for(project)
    resolver.class_origin("nets", "Net")
    names.look_up(resolver).result(timeout=60)
    origin = resolver.class_origin("nets", "Net")
    assert origin is not None
    assert origin.path == str(project / "nets" / "models.py")
    assert origin.name_span.of(MODELS) == "Net"
    assert origin.parameters == ("units", "name")
    assert not origin.has_own_build
    assert origin.initial is Built.UNKNOWN


def test_unsaved_text_counts(project: Path) -> None:
    unsaved = MODELS.replace("class Plain:", "class Plain(tf.keras.layers.Layer):")
    names = JediNames(lambda path: unsaved if path.endswith("models.py") else read(path))
    resolver = resolver_for(project)
    extract(MAIN, resolver)
    names.look_up(resolver).result(timeout=60)
    names.close()
    origin = resolver.class_origin("nets.models", "Plain")
    assert origin is not None
    assert origin.kind is ModelKind.LAYER


def test_names_that_do_not_exist(project: Path, names: JediNames) -> None:
    resolver = resolver_for(project)
    extract("from nowhere import Net\nfrom nets import Missing\na = Net()\nb = Missing()\n", resolver)
    assert not names.look_up(resolver).result(timeout=60)
    assert set(resolver.found.values()) == {None}


def test_a_cycle_of_imports_ends(tmp_path: Path, names: JediNames) -> None:
    (tmp_path / "a.py").write_text("from b import B\nclass A(B):\n    pass\n")
    (tmp_path / "b.py").write_text("from a import A\nclass B(A):\n    pass\n")
    resolver = JediResolver(str(tmp_path / "main.py"), str(tmp_path))
    extract("from a import A\nx = A()\n", resolver)
    assert not names.look_up(resolver).result(timeout=60)


def test_static_extraction_does_not_import_jedi() -> None:
    import subprocess

    code = (
        "import sys; from keras_lsp.source.extract import extract;"
        "extract('import keras'); print('jedi' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
