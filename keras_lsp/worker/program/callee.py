"""What is called in place of a library's function, where it would meet what a replay does not have.

Holes become numbers where a number is needed; data without values goes as shapes; files and servers that
are not there give holes. The user's own functions are called as they are.
"""

from __future__ import annotations

import builtins
import functools
import os
import sys
import types
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from ..record.failures import brief
from ..report import Hole as HoleReport
from ..unknown import arrays, large
from ..unknown.hole import Hole, hole_in, reason_of, uncertain
from . import on_shapes
from .filling import fill

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from ..record.places import SourceMap

LIBRARIES = frozenset(
    {"keras", "tf_keras", "tensorflow", "numpy", "keras_hub", "keras_nlp", "keras_cv", "jax", "torch"}
)
_PRESETS = frozenset({"keras_hub", "keras_nlp", "keras_cv"})
# What these learn from data takes long, and of data without values there is nothing to be learned. Others of
# theirs, that split and scale, keep what is known of shapes.
_LEARNERS = (
    *("sklearn.cluster", "sklearn.ensemble", "sklearn.gaussian_process", "sklearn.linear_model"),
    *("sklearn.manifold", "sklearn.mixture", "sklearn.model_selection._search", "sklearn.neighbors"),
    *("sklearn.neural_network", "sklearn.svm", "sklearn.tree", "xgboost", "lightgbm"),
)
_LEARNING = frozenset({"fit", "fit_predict", "fit_transform", "predict", "predict_proba", "score"})
# Their functions read files or ask servers; a replay has the files of the workspace only.
OUTSIDE = LIBRARIES | {
    *(
        "_io",
        "io",
        "os",
        "posix",
        "ntpath",
        "pathlib",
        "glob",
        "shutil",
        "zipfile",
        "tarfile",
        "gzip",
        "urllib",
    ),
    *("pandas", "h5py", "PIL", "cv2", "imageio", "librosa", "soundfile", "scipy", "sklearn", "subprocess"),
    *("requests", "httpx", "datasets", "tensorflow_datasets", "kagglehub", "gdown"),
}
# Python's own functions that cannot do with something unknown give something unknown: `json.loads(text)`.
STANDARD = frozenset(getattr(sys, "stdlib_module_names", sys.builtin_module_names))  # the first since 3.10
MAX_HOLES = 200
FUNCTIONS = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


class Callees:
    """Stands in for what the replayed text calls. What could not be done goes to `holes`."""

    def __init__(self, line: KerasLine, source: SourceMap, holes: List[HoleReport]) -> None:
        self.line = line
        self.source = source
        self.holes = holes
        self._known: Dict[Any, Any] = {}  # what stands in for functions of modules; programs loop over them

    def stand_in(self, function: Any) -> Any:
        """`function`, or what is called for it."""
        try:
            known = self._known.get(function)
        except TypeError:  # cannot be a key
            known = None
        return known or self._new(function)

    def _new(self, function: Any) -> Any:
        module = _library(function)
        if module in _PRESETS and getattr(function, "__name__", "") == "from_preset":
            return _preset(function)
        if getattr(function, "__name__", "") in _LEARNING and _is_learner(function):
            return functools.partial(_not_learned, function.__name__)
        outside = function is builtins.open or module in OUTSIDE
        if not outside and not (Hole.made and module in STANDARD):
            return function
        unknown_things = Hole.made or arrays.in_use()
        if isinstance(function, type) and not unknown_things and module in LIBRARIES:
            return function  # making layers is most of what programs do, and opens no files

        @functools.wraps(function, updated=())
        def __call__(*args: Any, **kwargs: Any) -> Any:
            try:
                return _called(function, self.line, args, kwargs)
            except OSError as error:
                return self._not_there(function, error)

        owner = getattr(function, "__self__", None)
        if isinstance(function, FUNCTIONS) and (owner is None or isinstance(owner, types.ModuleType)):
            self._known[function] = __call__
        return __call__

    def _not_there(self, function: Any, error: OSError) -> Hole:
        reason = brief(error)
        span = self.source.caller(sys._getframe(2))
        if span is not None and len(self.holes) < MAX_HOLES:
            self.holes.append(HoleReport((), span, reason))
        return uncertain(reason, f"{getattr(function, '__name__', 'a call')}(…)")


def _is_learner(method: Any) -> bool:
    owner = type(getattr(method, "__self__", None))
    return str(owner.__module__).startswith(_LEARNERS)


def _not_learned(name: str, *_args: Any, **_kwargs: Any) -> Any:
    return uncertain(f"`{name}` learns from data, which does not run in a replay")


def _preset(function: Any) -> Callable[..., Any]:
    @functools.wraps(function, updated=())
    def from_preset(preset: Any, *args: Any, **kwargs: Any) -> Any:
        if hole_in(preset) is None and os.path.isdir(preset):
            return function(preset, *args, **kwargs)
        return uncertain(f"`from_preset` downloads {_spelled(preset)}, which a replay does not do")

    return from_preset


def _spelled(preset: Any) -> str:
    return repr(preset) if type(preset) is str else "a preset"


def _called(function: Callable[..., Any], line: KerasLine, args: Any, kwargs: Any) -> Any:
    hole = hole_in((args, kwargs)) if Hole.made else None
    if hole is None and not (arrays.in_use() and arrays.shape_array_in((args, kwargs))):
        made = _large(function, args, kwargs)
        return function(*args, **kwargs) if made is None else made
    try:
        if hole is None:
            return on_shapes.call(line, function, args, kwargs)
        new_args, new_kwargs = fill(function, args, kwargs)
        made = _large(function, tuple(new_args), new_kwargs)
        return function(*new_args, **new_kwargs) if made is None else made
    except Exception:
        makes = isinstance(function, type) and _library(function) in LIBRARIES
        if makes and hole is None:
            raise  # of shapes, which are exact
        unknown = uncertain(arrays.WHY if hole is None else reason_of(hole))
        if makes:
            raise
        return unknown


def _large(function: Any, args: Any, kwargs: Any) -> Any:
    """An array without values in place of one that would take long to fill; None for any other call."""
    library = _library(function)
    if library == "numpy":
        return large.in_place_of(function, args, kwargs)
    return large.in_place_of_tensor(function, args, kwargs) if library in LIBRARIES else None


def _library(function: Any) -> str:
    """Top-level module of a function, class or method; "" for other objects, such as layers."""
    if isinstance(function, FUNCTIONS) or hasattr(function, "__wrapped__"):
        module = getattr(function, "__module__", None)
        if module is None and isinstance(function, types.BuiltinFunctionType):
            module = type(getattr(function, "__self__", None)).__module__
    else:
        module = "numpy" if type(function).__module__ == "numpy" else ""  # ufuncs, functions with overrides
    return module.split(".", 1)[0] if isinstance(module, str) else ""
