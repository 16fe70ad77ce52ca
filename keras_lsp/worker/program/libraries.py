"""Functions and modules of libraries that a replay must not use: what stands in their place.

What would download, read or write gives holes; what only draws, logs or shows progress is not imported.
"""

from __future__ import annotations

import ast
import functools
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict

from ..unknown import datasets, progress
from ..unknown.hole import Hole
from .saved_models import SAVED_MODELS

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

# Functions that would download, read or write: (module of Keras, function, what it would have given).
BLOCKED_FUNCTIONS = (
    ("get_file", "a downloaded file"),
    ("image_dataset_from_directory", "images in a folder"),
    ("text_dataset_from_directory", "texts in a folder"),
    ("audio_dataset_from_directory", "sounds in a folder"),
    ("load_img", "an image file"),
    ("plot_model", "a picture"),
)

# Modules that cannot change a model: not imported at all, they are slow or have side effects. A progress
# bar hands on what it goes over.
HARMLESS_MODULES = frozenset(
    {
        "matplotlib",
        "seaborn",
        "plotly",
        "IPython",
        "wandb",
        "mlflow",
        "tensorboard",
        "neptune",
        "comet_ml",
    }
)
PROGRESS_MODULES = frozenset({"tqdm"})

COMMAND = "__"  # what the server writes for a command of IPython whose result is kept


def notebook_names() -> Dict[str, Any]:
    """What IPython defines beside Python's own names; `display` is asked for all over notebooks."""
    given = "is given by a command of the notebook, which a replay does not run"
    return {
        COMMAND: Hole(given),
        "get_ipython": Hole(given, text="get_ipython"),
        "display": Hole("only draws or logs", harmless=True),
    }


def harmless_names(statement: ast.stmt) -> Dict[str, Any]:
    """What an import of modules that cannot change a model binds instead; {} for any other statement."""
    if isinstance(statement, ast.Import):
        modules = [alias.name for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom):
        modules = [statement.module or ""]
    else:
        return {}
    tops = {module.split(".")[0] for module in modules}
    names = [alias.asname or alias.name.split(".")[0] for alias in statement.names]
    if tops <= HARMLESS_MODULES:
        return {name: Hole("only draws or logs", harmless=True) for name in names}
    if tops <= PROGRESS_MODULES:
        return {name: progress.stand_in(alias.name) for name, alias in zip(names, statement.names)}
    return {}


def block_functions(line: KerasLine) -> None:
    """Once per process: what would download, read or write gives holes, under every name Keras has for it."""
    keras = line.keras
    originals = {}
    for name, what in BLOCKED_FUNCTIONS:
        for owner in (keras.utils, getattr(keras, "models", None), getattr(keras, "saving", None)):
            function = getattr(owner, name, None)
            if callable(function):
                originals[id(function)] = (name, functools.update_wrapper(_blocked(what), function))
    for name, make in (("load_model", _load_model), ("save_model", _save_model)):
        for owner in (getattr(keras, "models", None), getattr(keras, "saving", None)):
            function = getattr(owner, name, None)
            if callable(function) and id(function) not in originals:
                originals[id(function)] = (name, functools.update_wrapper(make(line, function), function))
    for name in datasets.NAMES:
        module = getattr(getattr(keras, "datasets", None), name, None)
        function = getattr(module, "load_data", None)
        if callable(function):
            stand_in = datasets.loader(name, function, keras.backend.image_data_format)
            originals[id(function)] = ("load_data", functools.update_wrapper(stand_in, function))
    padder = getattr(keras.utils, "pad_sequences", None)
    if callable(padder):
        originals[id(padder)] = (
            "pad_sequences",
            functools.update_wrapper(datasets.padder(padder), padder),
        )
    _replace_everywhere(originals)


def _blocked(what: str) -> Callable[..., Any]:
    def function(*_args: Any, **_kwargs: Any) -> Any:
        return Hole(f"`{function.__name__}` gives {what}, which a replay does not load")

    return function


def _load_model(line: KerasLine, original: Callable[..., Any]) -> Callable[..., Any]:
    def load_model(*args: Any, **kwargs: Any) -> Any:
        saved = SAVED_MODELS.load(line, *args, **kwargs)
        return SAVED_MODELS.load_earlier(original, args, kwargs) if saved is None else saved

    return load_model


def _save_model(line: KerasLine, _original: Callable[..., Any]) -> Callable[..., Any]:
    def save_model(model: Any, filepath: Any, *_args: Any, **_kwargs: Any) -> Any:
        SAVED_MODELS.save(line, model, filepath)
        return Hole("`save_model` does not run in a replay", harmless=True)

    return save_model


def _replace_everywhere(originals: Any) -> None:
    """Put stand-ins in every Keras and TensorFlow module that has the original under its name."""
    names = {name for name, _ in originals.values()}
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith(("keras", "tf_keras", "tensorflow.keras")):
            continue
        space = getattr(module, "__dict__", {})
        for name in names & space.keys():
            found = originals.get(id(space[name]))
            if found is not None:
                space[name] = found[1]
