"""What names in a layer's arguments stand for when another file gives them their values."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.source.extract import facts_of
from keras_lsp.source.jedi_names import JediNames
from keras_lsp.source.jedi_resolver import JediResolver
from keras_lsp.source.parse import parse
from tests.test_cases import argument_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = {
    "config.py": """
from dataclasses import dataclass, field
from typing import NamedTuple
from sizes import WIDE as BASE_WIDTH
import sizes

UNITS = 64
SIZES = [8, 16]
PAIR = (3, 5)
NAMES = {"act": "relu", "inner": {"dim": 7}}
units = 32
TWICE = 1
TWICE = 2
GROWN = [1]
GROWN.append(2)
FAR = BASE_WIDTH // 2
FARTHER = sizes.WIDE + 1


class Space:
    hidden = 12
    TOUCHED = 1


Space.TOUCHED = 2


@dataclass
class Inner:
    dim: int = 9


@dataclass
class Config:
    units: int = 48
    act: str = field(default="gelu")
    inner: Inner = field(default_factory=Inner)
    sizes: list = field(default_factory=lambda: [1, 2])


@dataclass(frozen=True)
class Frozen:
    units: int
    depth: int = 3


class Shape(NamedTuple):
    height: int
    width: int = 9


class Plain:
    kind = "plain"

    def __init__(self, units, rate=0.25):
        self.units = units
        self.rate = rate
        self.half = units // 2


class Kept(Plain):
    def __init__(self, extra=1):
        super().__init__(20)
        self.extra = extra


CFG = Config(units=11)
SET = Config(units=12)
SET.units = 13
DEEP = Frozen(5, depth=2)
PLAIN = Plain(21)
KEPT = Kept()
BY_NAME = {"small": Config(1), "large": Config(2)}


def change():
    global CHANGED
    CHANGED = 6


CHANGED = 5
""",
    "sizes.py": "WIDE = 100\n",
    "other.py": "UNITS = 65\n",
    "same.py": "UNITS = 64\n",
    "settings.py": "from config import *\nfrom config import UNITS as HANDED\nRATE = 0.5\n",
    "nets/__init__.py": "from .config import UNITS, Config\nfrom . import config\nUNITS = 3\n",
    "nets/config.py": "from dataclasses import dataclass\n\nUNITS = 24\nLOOP = 'x'\n\n"
    "@dataclass\nclass Config:\n    units: int = 25\n",
    "nets/api.py": "from . import config as settings\n",
    "round.py": "from square import SIDE\nOTHER = 1\n",
    "square.py": "from round import SIDE\nfrom round import OTHER\nHERE = OTHER + 1\n",
    "fallback.py": "try:\n    from config import UNITS\nexcept ImportError:\n    UNITS = 3\n",
    "base.py": "import keras\nfrom config import UNITS\n\n\nclass Base(keras.Model):\n    width = 18\n\n"
    "    def __init__(self, size=4):\n        super().__init__()\n        self.size = size\n"
    "        self.stem = keras.layers.Dense(UNITS)\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project").resolve()
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return folder


@pytest.fixture(scope="module")
def names() -> Iterator[JediNames]:
    found = JediNames(lambda path: Path(path).read_text() if Path(path).is_file() else None)
    found.stand_still()
    yield found
    found.close()


@pytest.fixture
def said(project: Path, names: JediNames) -> Callable[..., str]:
    """The argument of a layer as the facts tell it, in a file of the project with these imports."""

    def of(
        imports: str, argument: str, before: str = "", parameters: str = "", base: str = "keras.Model"
    ) -> str:
        text = (
            f"import keras\n{imports}\n\n\nclass Mine({base}):\n    def __init__(self{parameters}):\n"
            f"        super().__init__()\n{before}        self.a = keras.layers.Dense({argument})\n"
        )
        resolver = JediResolver(str(project / "main.py"), str(project))
        parsed = parse(text)
        names.look_up(resolver, parsed).result()
        model = facts_of(parsed, resolver).model_class("Mine")
        assert model is not None
        (call,) = (slot.call for slot in model.slots if slot.path == "a")
        assert call is not None
        return argument_line(call.arguments[0])

    return of


TRY = "try:\n    from config import UNITS\nexcept ImportError:"
KNOWN = [
    ("from config import UNITS", "UNITS", "64"),
    ("from config import UNITS as U", "U * 2", "128"),
    ("import config", "config.UNITS", "64"),
    ("import config as c", "c.PAIR[1] + c.UNITS", "69"),
    ("import nets.config", "nets.config.UNITS", "24"),
    ("from nets import config", "config.UNITS", "24"),
    ("from nets.api import settings", "settings.UNITS", "24"),
    ("import nets.api", "nets.api.settings.UNITS", "24"),
    ("from settings import UNITS", "UNITS", "64"),
    ("from settings import HANDED", "HANDED", "64"),
    ("from settings import *", "UNITS", "64"),
    ("from config import FAR, FARTHER", "FAR + FARTHER", "151"),
    ("from config import PAIR", "len(PAIR)", "2"),
    ("from config import DEEP", "DEEP.depth", "2"),
    ("from config import Config", "Config(units=3).units", "3"),
    ("from config import Config", "Config().act", "'gelu'"),
    ("from config import Frozen", "Frozen(4).units", "4"),
    ("from config import Config\nMINE = Config(inner=5)", "MINE.inner", "5"),
    ("from config import Shape", "Shape(2).height * Shape(2).width", "18"),
    ("from config import Plain", "Plain(6).units", "6"),
    ("from config import Plain", "Plain(6).rate", "0.25"),
    ("from config import Plain", "Plain(6).kind", "'plain'"),
    ("from nets.config import Config", "Config().units", "25"),
    (f"{TRY}\n    from .config import UNITS", "UNITS", "64 by default"),
    (f"{TRY}\n    from same import UNITS", "UNITS", "64 by default"),
    ("from config import units", "units", "32 by default"),
    ("from config import SIZES", "SIZES[-1]", "16 by default"),
    ("from config import NAMES", "NAMES['inner']['dim']", "7 by default"),
    ("from config import CFG", "CFG.units", "11 by default"),
    ("import config", "config.CFG.inner.dim", "9 by default"),
    ("from config import PLAIN", "PLAIN.half", "10 by default"),
    ("from config import KEPT", "KEPT.units", "20 by default"),
    ("from config import BY_NAME", "BY_NAME['large'].units", "2 by default"),
    ("from config import Space", "Space.hidden", "12 by default"),
    ("from config import Config", "Config.units", "48 by default"),
]  # fmt: skip


@pytest.mark.parametrize(("imports", "argument", "value"), KNOWN)
def test_known(said: Callable[..., str], imports: str, argument: str, value: str) -> None:
    assert said(imports, argument) == f"units={argument} ({value})"


def test_known_values_are_those_of_python(project: Path) -> None:
    """The table above is what an interpreter says."""
    program = "import json, sys\nfor imports, argument in json.load(sys.stdin):\n    names = {}\n"
    program += "    exec(imports, names)\n    print(repr(eval(argument, names)))"
    asked = [(imports.replace("from .config", "from config"), argument) for imports, argument, _ in KNOWN]
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [value.removesuffix(" by default") for _, _, value in KNOWN]


UNKNOWN = [
    ("from config import TWICE", "TWICE"),
    ("from config import GROWN", "len(GROWN)"),
    ("from config import CHANGED", "CHANGED"),
    ("from config import Space", "Space.TOUCHED"),
    ("from config import SET", "SET.units"),
    ("from config import missing", "missing"),
    ("from nowhere import UNITS", "UNITS"),
    ("from config import Config", "Config().missing"),
    ("from config import Plain", "Plain(6).half"),
    ("from config import change", "change"),
    ("import config", "config"),
    ("from nets import UNITS", "UNITS"),
    ("from fallback import UNITS", "UNITS"),
    ("from round import SIDE", "SIDE"),
    ("import keras as k", "k.units"),
    (f"{TRY}\n    from other import UNITS", "UNITS"),
    ("from config import UNITS\nUNITS = 4", "UNITS"),
    ("from config import UNITS\nfor UNITS in range(3): pass", "UNITS"),
    ("from config import CFG\nCFG.units = 3", "CFG.units"),
    ("import config\nconfig.UNITS = 3", "config.UNITS"),
    ("import config\nconfig.SIZES.append(3)", "len(config.SIZES)"),
    ("from config import SIZES\nSIZES[0] = 3", "SIZES[0]"),
    ("def f():\n    from config import UNITS", "UNITS"),
    ("import math", "math.pi"),
]  # fmt: skip


@pytest.mark.parametrize(("imports", "argument"), UNKNOWN)
def test_not_known(said: Callable[..., str], imports: str, argument: str) -> None:
    assert said(imports, argument) == f"units={argument}"


def test_an_import_inside_a_function(said: Callable[..., str]) -> None:
    before = "        from config import UNITS\n"
    assert said("", "UNITS", before) == "units=UNITS (64)"
    assert said("UNITS = 3", "UNITS", before) == "units=UNITS (64)"
    assert said("", "UNITS", before + "        UNITS = 4\n") == "units=UNITS"


def test_a_parameter_of_an_imported_class(said: Callable[..., str]) -> None:
    assert (
        said("from config import Config", "c.units", parameters=", c: Config")
        == "units=c.units (48 by default)"
    )
    assert (
        said("import config", "c.inner.dim", parameters=", c: config.Config")
        == "units=c.inner.dim (9 by default)"
    )
    assert said("from config import CFG", "c.units", parameters=", c=CFG") == "units=c.units (11 by default)"
    assert said("from config import Config", "c.units", parameters=", c: Config = None") == "units=c.units"


def test_a_configuration_kept_in_an_attribute(said: Callable[..., str]) -> None:
    before = "        self.config = c\n"
    imports, parameters = "from config import Config", ", c: Config"
    assert said(imports, "self.config.units", before, parameters) == "units=self.config.units (48 by default)"
    before += "        self.config.units = 4\n"
    assert said(imports, "self.config.units", before, parameters) == "units=self.config.units"


def test_what_a_base_of_another_file_keeps(said: Callable[..., str]) -> None:
    imports = "from base import Base"
    assert said(imports, "self.width", base="Base") == "units=self.width (18 by default)"
    assert said(imports, "self.size", base="Base") == "units=self.size (4 by default)"
    assert said(imports, "self.missing", base="Base") == "units=self.missing"
    again = "        super().__init__(size=5)\n"  # which of the two counts is not followed
    assert said(imports, "self.size", again, base="Base") == "units=self.size"


def test_constants_in_the_layers_of_a_base(project: Path, names: JediNames) -> None:
    resolver = JediResolver(str(project / "main.py"), str(project))
    parsed = parse("from base import Base\n\n\nclass Mine(Base):\n    pass\n")
    names.look_up(resolver, parsed).result()
    model = facts_of(parsed, resolver).model_class("Mine")
    assert model is not None
    (slot,) = model.inherited
    assert slot.call is not None
    assert argument_line(slot.call.arguments[0]) == "units=UNITS (64)"


def test_plain_python_learns_nothing(project: Path, names: JediNames) -> None:
    """A file without a layer is not read anew at each edit because of what it imports."""
    resolver = JediResolver(str(project / "main.py"), str(project))
    text = "from config import PAIR\n\n\nclass A:\n    def __init__(self):\n"
    text += "        for i in PAIR:\n            self.a = b(i)\n"
    assert not names.look_up(resolver, parse(text)).result()
    assert not resolver.knows_anything
