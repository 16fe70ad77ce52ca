"""`keras.datasets` without the download: arrays of the shapes that Keras documents, labels of every class.

Shapes, types and numbers of classes are those that keras/src/datasets documents and its code makes.
"""

from __future__ import annotations

import importlib.util
import inspect
import operator
from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Tuple

from .arrays import WHY, shape_array
from .hole import uncertain

if TYPE_CHECKING:
    from ..report import Shape


class Part(NamedTuple):
    """Inputs and labels of the training or the test set."""

    x: Shape
    y: Shape


class Known(NamedTuple):
    train: Part
    test: Part
    x_type: str
    y_type: str
    classes: int = 0  # 0: labels are numbers of any size


def _images(shape: Shape, labels: Callable[[int], Shape], train: int, classes: int) -> Known:
    train_part, test_part = (Part((samples, *shape), labels(samples)) for samples in (train, 10_000))
    return Known(train_part, test_part, "uint8", "uint8", classes)


IMAGES: Dict[str, Known] = {
    "mnist": _images((28, 28), lambda n: (n,), 60_000, 10),
    "fashion_mnist": _images((28, 28), lambda n: (n,), 60_000, 10),
    "cifar10": _images((32, 32, 3), lambda n: (n, 1), 50_000, 10),
    "cifar100": _images((32, 32, 3), lambda n: (n, 1), 50_000, 100)._replace(y_type="int64"),
}
# Sequences of word numbers: their lengths are known to nobody before they are padded.
TEXTS = {"imdb": (50_000, 2), "reuters": (11_228, 46)}
TABLES = {"boston_housing": (506, 13, "float64"), "california_housing": (20_640, 8, "float32")}
SMALL_CALIFORNIA = 600
NAMES = (*IMAGES, *TEXTS, *TABLES)


def loader(name: str, original: Callable[..., Any], image_format: Callable[[], str]) -> Callable[..., Any]:
    """What stands in for `keras.datasets.<name>.load_data`, with its parameters.

    `image_format` tells whether CIFAR images are to have their channels first.
    """
    signature = inspect.signature(original)

    def load_data(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if importlib.util.find_spec("numpy") is None:
            raise ModuleNotFoundError("No module named 'numpy'", name="numpy")
        known = _known(name, bound.arguments)
        return _data(_channels_first(known) if image_format() == "channels_first" else known)

    return load_data


def _known(name: str, options: Dict[str, Any]) -> Known:
    if name in IMAGES:
        known = IMAGES[name]
        coarse = name == "cifar100" and options.get("label_mode") == "coarse"
        return known._replace(classes=20) if coarse else known
    if name in TEXTS:
        samples, classes = TEXTS[name]
        if options.get("maxlen"):  # longer texts are dropped; how many there are, nobody knows
            samples = operator.index(uncertain(WHY, f"the {name} texts of at most {options['maxlen']} words"))
        split = 0.5 if name == "imdb" else options["test_split"]
        train, test = _split(samples, split)
        return Known(Part((train,), (train,)), Part((test,), (test,)), "object", "int64", classes)
    samples, columns, dtype = TABLES[name]
    if name == "california_housing" and options.get("version") == "small":
        samples = SMALL_CALIFORNIA
    train, test = _split(samples, options["test_split"])
    return Known(Part((train, columns), (train,)), Part((test, columns), (test,)), dtype, dtype)


def _channels_first(known: Known) -> Known:
    def turned(part: Part) -> Part:
        return part._replace(x=(part.x[0], part.x[3], part.x[1], part.x[2])) if len(part.x) == 4 else part

    return known._replace(train=turned(known.train), test=turned(known.test))


def _split(samples: int, share: float) -> Tuple[int, int]:
    train = int(samples * (1 - share))
    return train, samples - train


def _data(known: Known) -> Any:
    return tuple(
        (_inputs(part.x, known.x_type), _labels(part.y, known)) for part in (known.train, known.test)
    )


def _inputs(shape: Shape, dtype: str) -> Any:
    if dtype == "object":
        return sequences(shape[0] or 0)
    return shape_array(shape, dtype)


def _labels(shape: Shape, known: Known) -> Any:
    """Real values where there are classes: programs count them."""
    if not known.classes:
        return shape_array(shape, known.y_type)
    numpy: Any = importlib.import_module("numpy")
    return (numpy.arange(shape[0]) % known.classes).astype(known.y_type).reshape(shape)


def sequences(samples: int) -> Any:
    """An object array of one short list, seen at every index."""
    numpy: Any = importlib.import_module("numpy")
    one = numpy.empty((1,), object)
    one[0] = [1, 2]
    return numpy.broadcast_to(one, (samples,))


def padder(original: Callable[..., Any]) -> Callable[..., Any]:
    """What stands in for `pad_sequences`: of long data only the shape is made."""
    signature = inspect.signature(original)

    def pad_sequences(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values, length = bound.arguments["sequences"], bound.arguments["maxlen"]
        if getattr(values, "strides", None) != (0,):
            return original(*args, **kwargs)
        if length is None:
            length = operator.index(uncertain(WHY, "the longest sample"))
        return shape_array((len(values), length), bound.arguments["dtype"])

    return pad_sequences
