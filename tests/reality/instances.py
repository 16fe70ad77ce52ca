"""Makes instances of a package's layers and models for real and tells, as JSON, what each attribute holds.

    python instances.py FOLDER SECONDS PACKAGE...

Runs under a Python with Keras 3 (or tf-keras 2, where TF_USE_LEGACY_KERAS asks for it), with the packages in
FOLDER; it is no part of the tests' own process. Every layer that is made on the way counts, so one backbone
shows the classes of all its blocks. Classes that are no layers and keep models count, too. What a constructor
needs and has no default is guessed by the parameter's name; after `SECONDS` no more are made. All seconds are
of this process's own work, so that it sees the same on a busy machine.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import inspect
import io
import json
import os
import pkgutil
import signal
import sys
import tempfile
import time
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

# Imported by the packages, but nothing that makes layers: whatever is asked of them is there.
ABSENT = frozenset(
    {"PIL", "cv2", "gdown", "imageio", "kagglehub", "lap", "matplotlib", "numba", "pandas", "pycocotools"}
    | {"regex", "sentencepiece", "skimage", "sklearn", "tensorflow_datasets"}
    | {"tensorflow_text", "tifffile", "tokenizers", "tqdm", "tree", "werkzeug"}
)
COMPILED = ("stardist.lib",)  # for another NumPy, perhaps
FETCHES = "download_weights_if_necessary"  # what deepface calls before it loads them
EACH_SECONDS = 1.0
HOLDER_SECONDS = 10.0  # it may make a whole model
CALL_SECONDS = 0.7
MOST_ELEMENTS = 100
MOST_OF_A_CLASS = 40
DEEPEST = 4

PLAIN: dict[str, object] = {
    **dict.fromkeys(("vocabulary_size", "vocab_size", "image_size"), 32),
    **dict.fromkeys(("max_sequence_length", "sequence_length", "num_embeddings", "intermediate_dim"), 16),
    **dict.fromkeys(
        ("num_layers", "num_heads", "num_query_heads", "num_key_value_heads", "depth", "expansion"), 2
    ),
    **dict.fromkeys(("num_experts", "mlp_ratio", "window_size", "n_labels"), 2),
    **dict.fromkeys(("head_dim", "head_size", "key_dim", "patch_size"), 4),
    **dict.fromkeys(("kernel_size", "num_classes"), 3),
    **dict.fromkeys(("stride", "strides", "groups", "top_k"), 1),
    **dict.fromkeys(("rope_theta", "rope_max_wavelength", "max_wavelength"), 10000.0),
    "data_format": "channels_last",
    "dtype": "float32",
    "padding": "same",
    "pooling": "avg",
    "block_type": "basic_block",
}
MANY = ("stackwise", "depths", "dims", "_per_", "layer_types")
SHAPES = ((None, None, None, 3), (32, 32, 3), (16, 8), (8,))
LISTS = ([2, 2], [8, 8], [1, 1, 1, 1], [16, 16, 16, 16])
ENDINGS = (
    (("activation",), "relu"),
    (("initializer",), "zeros"),
    (("rate", "dropout", "prob", "epsilon", "eps"), 0.1),
    (("name", "mode", "type"), "x"),
)
INPUTS = ((2, 8), (2, 8, 8), (2, 16, 16, 8), (2, 32, 32, 3), (2, 4, 8, 8, 8))


METRICS: list[type] = []  # layers in tf-keras 2, and none in Keras 3


class TooLateError(Exception):
    """Something took longer than it is worth."""


class _AnyType(type):
    def __getattr__(cls, name: str) -> Any:
        return _anything(name)


class _Anything(metaclass=_AnyType):
    """A class, a decorator, a function: whatever is asked of a package that is not there."""

    def __new__(cls, *args: Any, **_: Any) -> Any:
        return args[0] if args and callable(args[0]) else object.__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Takes anything."""

    def __getattr__(self, name: str) -> Any:
        return _anything(name)

    def __call__(self, *args: Any, **_: Any) -> Any:
        return args[0] if args and callable(args[0]) else self


def _anything(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _AnyType(name, (_Anything,), {})


class _Absent:
    """Finds the packages in `ABSENT`, installed or not."""

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        loader: Any = self
        absent = name.split(".", 1)[0] in ABSENT or name.startswith(COMPILED)
        return importlib.machinery.ModuleSpec(name, loader, is_package=True) if absent else None

    def create_module(self, _spec: object) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__getattr__"] = _anything


class Watch:
    """Where attributes of layers were set."""

    def __init__(self, layer: Any) -> None:
        self.sites: dict[int, dict[str, tuple[str, int]]] = {}
        self.alive: list[Any] = []  # in the order made; kept, so that ids stay theirs
        original = layer.__setattr__
        watch = self

        def set_and_note(thing: Any, name: str, value: object) -> None:
            watch.note(thing, name, value)
            original(thing, name, value)

        layer.__setattr__ = set_and_note

    def note(self, thing: Any, name: str, value: object) -> None:
        frame = sys._getframe(2)
        while frame.f_code.co_name == "__setattr__" and frame.f_back is not None:
            frame = frame.f_back
        if id(thing) not in self.sites:
            self.sites[id(thing)] = {}
            self.alive.append(thing)
        held = self.sites[id(thing)]
        if name not in held or value is not None:
            held[name] = (frame.f_code.co_filename, frame.f_lineno)


class Maker:
    """Makes and uses instances; `given` are layers that we chose ourselves, which prove nothing."""

    def __init__(self, keras: Any) -> None:
        self.keras = keras
        self.is_legacy = keras.__version__.startswith("2.")
        self.given: set[int] = set()
        self.backbone: Any = None

    def quietly(self, action: Callable[[], Any], seconds: float) -> Any:
        """What the action gives; None when it fails or takes too long."""
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                return action()
        except (Exception, SystemExit):  # noqa: BLE001  # guessed arguments fail in every way there is
            return None
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def make(self, made_by: Any, seconds: float = EACH_SECONDS) -> Any:
        try:
            parameters = inspect.signature(made_by).parameters
        except (TypeError, ValueError):
            return None
        optional = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
        needed = [p for p in parameters.values() if p.default is p.empty and p.kind not in optional]
        for variant in range(4 if needed else 1):
            arguments = {p.name: self._value(p.name, variant) for p in needed}
            made = self.quietly(partial(self._scoped, partial(made_by, **arguments)), seconds)
            if made is not None:
                return made
        return None

    def use(self, layer: Any) -> None:
        """Call it on guessed inputs until it is built."""
        for shape in INPUTS:
            for dtype in ("float32", "int32"):
                if not layer.built:
                    call = partial(self._call, layer, shape, dtype)
                    self.quietly(partial(self._scoped, call), CALL_SECONDS)

    def _call(self, layer: Any, shape: tuple[int, ...], dtype: str) -> Any:
        parameters = inspect.signature(layer.call).parameters.values()
        wanted = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
        return layer(*(self.keras.Input(batch_shape=shape, dtype=dtype) for _ in wanted))

    def _scoped(self, action: Callable[[], Any]) -> Any:
        if self.is_legacy:
            return action()
        with self.keras.StatelessScope(initialize_variables=False):
            return action()

    def _value(self, name: str, variant: int) -> object:
        if name == "backbone":
            return self._gave(self.backbone)
        if name in {"layer", "cell"}:
            layers = self.keras.layers
            return self._gave(layers.LSTMCell(4) if name == "cell" else layers.Dense(4))
        if "shape" in name:
            return SHAPES[variant]
        if any(word in name for word in MANY):
            return LISTS[variant]
        if name in PLAIN:
            value = PLAIN[name]
            return [value] * (2 if variant == 2 else 4) if variant >= 2 and isinstance(value, int) else value
        if name.startswith(("use_", "is_", "include_", "has_")):
            return True
        return next((value for endings, value in ENDINGS if name.endswith(endings)), 8)

    def _gave(self, value: Any) -> Any:
        self.given.add(id(value))
        return value


def modules_of(package: str, maker: Maker) -> Iterator[ModuleType]:
    root = importlib.import_module(package)
    yield root
    for info in pkgutil.walk_packages(root.__path__, package + ".", onerror=lambda _name: None):
        if not any(word in info.name for word in ("test", "conversion", "benchmark", "__main__")):
            module = maker.quietly(partial(importlib.import_module, info.name), 20)
            if module is not None:
                yield module


def holders_of(modules: Sequence[ModuleType], layer: type) -> list[type]:
    """Classes that are no layers, by name."""
    found = {
        value: None
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value)
        and value.__module__ == module.__name__
        and not issubclass(value, (layer, BaseException))
        and "__init__" in {name for cls in value.__mro__[:-1] for name in vars(cls)}
    }
    return sorted(found, key=lambda c: (c.__module__, c.__name__))


def tell_holder(holder: Any, layer: type, given: set[int]) -> dict[str, Any] | None:
    """What an object that is no layer keeps, if there is a layer in it."""
    kept = {name: described(value, layer, given) for name, value in getattr(holder, "__dict__", {}).items()}
    if not any(has_layer(value) for value in kept.values()):
        return None
    file = inspect.getsourcefile(type(holder))
    attributes = {name: [{"value": value, "file": file, "line": 0}] for name, value in kept.items()}
    return {"seen": 1, "file": file, "attributes": attributes, "holder": True}


def has_layer(value: dict[str, Any]) -> bool:
    elements = value.get("elements", [])
    inner = elements.values() if isinstance(elements, dict) else elements
    return value["kind"] == "layer" or any(map(has_layer, inner))


def classes_of(modules: Sequence[ModuleType], layer: type) -> list[type]:
    """Backbones first: they make most of the others."""
    found = {
        value: None
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, layer) and value.__module__ == module.__name__
    }
    return sorted(found, key=lambda c: ("Backbone" not in c.__name__, c.__module__, c.__name__))


def described(value: object, layer: type, given: set[int], depth: int = 0) -> dict[str, object]:
    """A value as JSON: layers by class, containers by elements, the rest by type."""
    if value is None:
        return {"kind": "none"}
    if isinstance(value, layer) and not isinstance(value, tuple(METRICS)):
        return {"kind": "layer", "class": type(value).__name__, "given": id(value) in given}
    if depth < DEEPEST and isinstance(value, (list, tuple)):
        elements = [described(v, layer, given, depth + 1) for v in list(value)[:MOST_ELEMENTS]]
        return {"kind": "list", "elements": elements, "length": len(value)}
    if depth < DEEPEST and isinstance(value, dict):
        pairs = list(value.items())[:MOST_ELEMENTS]
        return {
            "kind": "dict",
            "elements": {repr(k): described(v, layer, given, depth + 1) for k, v in pairs},
        }
    return {"kind": "other", "type": type(value).__name__}


def tell(watch: Watch, maker: Maker) -> dict[str, Any]:
    """Class -> file and, per attribute, the different values seen and where each was set."""
    found: dict[str, Any] = {}
    for thing in watch.alive:
        cls = type(thing)
        entry = found.setdefault(f"{cls.__module__}:{cls.__qualname__}", {"seen": 0, "attributes": {}})
        entry["seen"] += 1
        if entry["seen"] > MOST_OF_A_CLASS:
            continue
        if "file" not in entry:
            entry["file"] = inspect.getsourcefile(cls)
        for name, (file, line) in watch.sites[id(thing)].items():
            if name in vars(thing):
                value = described(vars(thing)[name], maker.keras.layers.Layer, maker.given)
                seen = {"value": value, "file": file, "line": line}
                known = entry["attributes"].setdefault(name, [])
                if seen not in known:
                    known.append(seen)
    return found


def prepared() -> Any:
    """Keras, without what is no part of what objects hold."""
    legacy = os.environ.get("TF_USE_LEGACY_KERAS") == "1"
    keras: Any = importlib.import_module("tf_keras" if legacy else "keras")
    METRICS.append(keras.metrics.Metric)
    keras.Model.load_weights = lambda *_args, **_named: None  # there is no network to fetch them from

    def on_alarm(*_: object) -> None:
        raise TooLateError

    signal.signal(signal.SIGPROF, on_alarm)
    warnings.simplefilter("ignore")
    return keras


def imported(packages: Sequence[str], maker: Maker) -> list[ModuleType]:
    modules = [module for package in packages for module in modules_of(package, maker)]
    for module in modules:
        if hasattr(module, FETCHES):
            setattr(module, FETCHES, lambda *_args, **_named: "")
    return modules


def make_layers(maker: Maker, classes: Sequence[type], until: float) -> None:
    for cls in classes:
        if time.process_time() > until:
            break
        made = maker.make(cls)
        if made is not None and "Backbone" in cls.__name__:
            maker.backbone = maker.backbone or made
        if made is not None and not getattr(made, "built", True):
            maker.use(made)


def make_holders(maker: Maker, classes: Sequence[type], until: float) -> dict[str, Any]:
    os.chdir(tempfile.mkdtemp())  # some of them write files
    found = {}
    for cls in classes:
        if time.process_time() > until:
            break
        made = maker.make(cls, HOLDER_SECONDS)
        told = tell_holder(made, maker.keras.layers.Layer, maker.given) if made is not None else None
        if told is not None:
            found[f"{cls.__module__}:{cls.__qualname__}"] = told
    return found


def main(seconds: float, packages: Sequence[str]) -> dict[str, Any]:
    keras = prepared()
    maker, layers = Maker(keras), keras.layers
    modules = imported(packages, maker)
    watch = Watch(layers.Layer)
    until = time.process_time() + seconds
    make_layers(maker, classes_of(modules, layers.Layer), until)
    told = tell(watch, maker)
    holders = make_holders(maker, holders_of(modules, layers.Layer), until)
    names = {name: value.__name__ for name, value in vars(layers).items() if inspect.isclass(value)}
    return {"classes": {**told, **holders}, "names": names}


if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # packages print
    sys.meta_path.insert(0, _Absent())
    sys.path.insert(1, sys.argv[1])
    json.dump(main(float(sys.argv[2]), sys.argv[3:]), out)
    out.flush()
    os._exit(0)  # TensorFlow's threads take their time
