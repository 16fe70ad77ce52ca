"""Classes of other files: found in the background, never on the path of an answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from keras_lsp.source.extract import extract
from keras_lsp.source.facts import Built, ModelKind
from keras_lsp.source.jedi_names import JediNames
from keras_lsp.source.jedi_resolver import JediResolver
from keras_lsp.source.parse import parse

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
    assert list(resolver.origins.wanted) == [("nets", "Net"), ("nets", "Dense"), ("nets.models", "Plain")]


def test_classes_of_other_files(project: Path, names: JediNames) -> None:
    resolver = resolver_for(project)
    assert names.look_up(resolver, parse(MAIN)).result(timeout=60)
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
    assert resolver.origins.wanted == {}


def test_where_a_class_comes_from(project: Path, names: JediNames) -> None:
    resolver = resolver_for(project)
    names.look_up(resolver, parse("from nets import Net\nNet()\n")).result(timeout=60)
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
    names.look_up(resolver, parse(MAIN)).result(timeout=60)
    names.close()
    origin = resolver.class_origin("nets.models", "Plain")
    assert origin is not None
    assert origin.kind is ModelKind.LAYER


def test_names_that_do_not_exist(project: Path, names: JediNames) -> None:
    resolver = resolver_for(project)
    text = "from nowhere import Net\nfrom nets import Missing\na = Net()\nb = Missing()\n"
    assert not names.look_up(resolver, parse(text)).result(timeout=60)
    assert set(resolver.origins.found.values()) == {None}


def test_a_cycle_of_imports_ends(tmp_path: Path, names: JediNames) -> None:
    (tmp_path / "a.py").write_text("from b import B\nclass A(B):\n    pass\n")
    (tmp_path / "b.py").write_text("from a import A\nclass B(A):\n    pass\n")
    resolver = JediResolver(str(tmp_path / "main.py"), str(tmp_path))
    assert not names.look_up(resolver, parse("from a import A\nx = A()\n")).result(timeout=60)


def test_static_extraction_does_not_import_jedi() -> None:
    import subprocess

    code = (
        "import sys; from keras_lsp.source.extract import extract;"
        "extract('import keras'); print('jedi' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """site-packages with a package that offers its classes as keras_hub does, and one that is not ours."""
    site = tmp_path / "venv" / "site-packages"
    files = {
        "keras_hub/__init__.py": "from keras_hub import models as models\n",
        "keras_hub/models/__init__.py": "from keras_hub.src.models.backbone import Backbone as Backbone\n"
        "from keras_hub.src.models.backbone import make_backbone as make_backbone\n",
        "keras_hub/src/__init__.py": "",
        "keras_hub/src/models/__init__.py": "",
        "keras_hub/src/models/backbone.py": "import keras\n\nfrom keras_hub.src.task import Task\n\n"
        "class Backbone(Task):\n    def __init__(self, width, **kwargs):\n        pass\n\n"
        "def make_backbone():\n    pass\n",
        "keras_hub/src/task.py": "import keras\n\nclass Task(keras.Model):\n    pass\n",
        "web/__init__.py": "from .models import Model\n",
        "web/models.py": "class Model:\n    pass\n",
        "harmful.py": "raise SystemExit(7)\nimport keras\nclass Harm(keras.Model):\n    pass\n",
    }
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    return site


@pytest.mark.parametrize(
    "text",
    [
        "from keras_hub.models import Backbone\nclass Net(Backbone): ...\n",
        "import keras_hub\nclass Net(keras_hub.models.Backbone): ...\n",
        "import keras_hub as hub\nfrom keras_hub import models\nclass Net(models.Backbone): ...\n",
        "from harmful import Harm\nclass Net(Harm): ...\n",
    ],
)
def test_classes_of_installed_packages(tmp_path: Path, site: Path, names: JediNames, text: str) -> None:
    resolver = JediResolver(str(tmp_path / "main.py"), str(tmp_path), (str(site),))
    assert names.look_up(resolver, parse(text)).result(timeout=60)
    (net,) = extract(text, resolver).classes
    assert (net.name, net.kind, net.closed) == ("Net", ModelKind.SUBCLASS, False)
    (origin,) = resolver.origins.known.values()
    assert origin.path.startswith(str(site))


def test_installed_packages_without_models_stay_quiet(tmp_path: Path, site: Path, names: JediNames) -> None:
    text = "from web import Model\nfrom keras_hub.models import make_backbone\nclass Net(Model): ...\n"
    resolver = JediResolver(str(tmp_path / "main.py"), str(tmp_path), (str(site),))
    assert not names.look_up(resolver, parse(text + "x = make_backbone()\n")).result(timeout=60)
    assert extract(text, resolver).classes == ()


def test_packages_of_another_python_are_not_seen(tmp_path: Path, names: JediNames) -> None:
    """Those of the Python that runs the server are not the user's."""
    text = "from pygls.lsp.server import LanguageServer\nx = LanguageServer()\n"
    resolver = JediResolver(str(tmp_path / "main.py"), str(tmp_path), (str(tmp_path),))
    names.look_up(resolver, parse(text)).result(timeout=60)
    (definition,) = names._jedi._known.values()
    assert definition is None or definition.path is None


def test_names_of_tensorflow_are_not_looked_for(names: JediNames, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files are large and lead to hundreds of others; what is a model in it is known by name."""
    asked: list[str] = []
    monkeypatch.setattr(
        "keras_lsp.source.jedi_definitions.JediDefinitions.definition",
        lambda _self, _resolver, name: asked.append(name[0]),
    )
    text = "import tensorflow as tf\nimport nets\nv = tf.Variable(1)\nd = tf.data.Dataset()\nn = nets.Net()\n"
    names.look_up(JediResolver("/main.py", "/", (sys.prefix,)), parse(text)).result()
    assert asked == ["nets"]
