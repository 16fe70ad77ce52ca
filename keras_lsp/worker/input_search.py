"""Finds an input that builds a layer or model when the program gives none.

A small, ordered set of guesses, each tried on a fresh object; what Keras says about a failed guess
(`expected ndim=3`, `expected axis -1 to have value 8`) puts better ones in front. What is found is told as
a guess wherever it shows.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from .failures import ANSI
from .report import TensorSpec
from .symbolic import KerasLine, shape_text

if TYPE_CHECKING:
    from .call_hints import CallHints

FEATURES = 32
IMAGE = (64, 64)
# Per-sample shapes to begin with, by rank, around a feature size.
BY_RANK: Dict[int, Callable[[int], Tuple[int, ...]]] = {
    1: lambda size: (size,),
    2: lambda size: (16, size),
    3: lambda size: (*IMAGE, size),
    4: lambda size: (8, *IMAGE, size),
}
IMAGE_WORDS = re.compile(r"imag|img|pixel|picture|photo|frame")
TOKEN_WORDS = re.compile(r"token|ids|text|word|sentence|indices")
MAX_TRIES = 48
MAX_SIZE = 100_000


class Guess(NamedTuple):
    """One per-sample shape and dtype for every input, and how the inputs are put together."""

    structure: str  # plain | dict | list
    members: int  # of a list
    shape: Tuple[int, ...]
    dtype: str


class Found(NamedTuple):
    guess: Guess
    args: List[Any]
    text: str  # "(None, 32)"


def search(
    line: KerasLine, make: Callable[[], Any], hints: CallHints, sizes: List[int], seconds: float
) -> Optional[Found]:
    """The first guess on which a fresh object can be called; None when none is found in time.

    `sizes` are integers of the program that may be dimensions.
    """
    deadline = time.monotonic() + seconds
    queue = list(_first_guesses(line, make(), hints))
    tried: Set[Guess] = set()
    while queue and len(tried) < MAX_TRIES and time.monotonic() < deadline:
        guess = queue.pop(0)
        if guess in tried:
            continue
        tried.add(guess)
        args = arguments(line, guess, hints)
        try:
            make()(*args)
        except Exception as error:  # noqa: BLE001 - a failed guess teaches what to guess next
            better = list(_better_guesses(guess, ANSI.sub("", str(error)), sizes))
            queue[:0] = better[:6]
            queue.extend(better[6:])
            continue
        return Found(guess, args, _text(guess, hints))
    return None


def arguments(line: KerasLine, guess: Guess, hints: CallHints) -> List[Any]:
    """Symbolic inputs as a guess says; further required arguments of `call` look like the first."""

    def tensor() -> Any:
        return line.symbolic_input(TensorSpec((None, *guess.shape), guess.dtype))

    first: Any = tensor()
    if guess.structure == "dict":
        first = {key: tensor() for key in hints.keys}
    elif guess.structure == "list":
        first = [tensor() for _ in range(guess.members)]
    return [first, *(tensor() for _ in hints.required[1:])]


def _text(guess: Guess, hints: CallHints) -> str:
    one = shape_text((None, *guess.shape))
    if guess.structure == "dict":
        return "{" + ", ".join(f"{key!r}: {one}" for key in hints.keys) + "}"
    if guess.structure == "list":
        return "[" + ", ".join([one] * guess.members) + "]"
    return one


def _first_guesses(line: KerasLine, layer: Any, hints: CallHints) -> Iterator[Guess]:
    structures: List[Tuple[str, int]] = [("plain", 0)]
    if hints.keys:
        structures.insert(0, ("dict", 0))
    elif max(hints.unpacked, hints.indexed) > 1:
        structures.insert(0, ("list", max(hints.unpacked, hints.indexed)))
    shapes = list(_first_shapes(line, layer, hints))
    for shape, dtype in shapes:
        for structure, count in structures:
            yield Guess(structure, count, shape, dtype)


def _first_shapes(line: KerasLine, layer: Any, hints: CallHints) -> Iterator[Tuple[Tuple[int, ...], str]]:
    met = _first_met(line, layer, hints)
    known = _shape_of_built(met)
    if known is not None:
        yield known, "float32"
    name = hints.required[0] if hints.required else ""
    kind = type(met).__name__ if met is not None else ""
    if kind == "Embedding" or (not kind and TOKEN_WORDS.search(name)):
        yield (16,), "int32"
    rank = _rank_of_spec(met)
    if rank is None and IMAGE_WORDS.search(name):
        rank = 3
    ranks = [rank] if rank in BY_RANK else []
    for number in [*ranks, *(other for other in BY_RANK if other not in ranks)]:
        yield BY_RANK[number](3 if number >= 3 else FEATURES), "float32"
        if number == 3:
            yield BY_RANK[number](FEATURES), "float32"
    yield (16,), "int32"
    yield (), "int32"
    yield (), "float32"


def _first_met(line: KerasLine, layer: Any, hints: CallHints) -> Any:
    """The layer that the first input meets: what `call` calls on it, and inside a Sequential its first."""
    met = getattr(layer, hints.first_layer, None) if hints.first_layer else None
    for _ in range(4):
        inner = getattr(met, "_layers", None) if type(met).__name__ == "Sequential" else None
        inner = [member for member in inner or () if type(member).__name__ != "InputLayer"]
        if not inner or getattr(met, "built", False):
            break
        met = inner[0]
    return met if line.is_layer(met) else None


def _shape_of_built(layer: Any) -> Optional[Tuple[int, ...]]:
    """The per-sample input shape of a functional or built Sequential model, open dimensions filled."""
    try:
        tensors = layer.inputs
    except Exception:  # noqa: BLE001 - unbuilt models raise, other layers have none
        return None
    if not isinstance(tensors, (list, tuple)) or len(tensors) != 1:
        return None
    return tuple(16 if size is None else int(size) for size in tensors[0].shape[1:])


def _rank_of_spec(layer: Any) -> Optional[int]:
    """Rank without the batch axis that a layer's `input_spec` asks for."""
    spec = getattr(layer, "input_spec", None)
    ndim, minimum = getattr(spec, "ndim", None), getattr(spec, "min_ndim", None)
    if isinstance(ndim, int):
        return ndim - 1
    # A minimum is the rank itself for convolutions (3 to 5); a Dense asks for 2, which says nothing.
    return minimum - 1 if isinstance(minimum, int) and minimum > 2 else None


def _better_guesses(guess: Guess, message: str, sizes: List[int]) -> Iterator[Guess]:
    core = message.rsplit("Error encountered:", maxsplit=1)[-1].split("Arguments received", maxsplit=1)[0]
    yield from _other_rank(guess, core)
    yield from _other_structure(guess, core)
    axis = re.search(r"expected axis (-?\d+) of input shape to have value (\d+)", core)
    if axis is not None:
        yield guess._replace(shape=(*guess.shape[:-1], int(axis.group(2))))
    if (
        re.search(r"int32|integer|must be (?:int|an integer)|DT_INT|non-integer", core)
        and guess.dtype == "float32"
    ):
        yield guess._replace(dtype="int32")
    numbers = [int(number) for number in re.findall(r"(?<![\w.])(\d{1,6})(?![\w.])", core)]
    mentioned = [n for n in dict.fromkeys(numbers) if 1 < n < MAX_SIZE and n not in guess.shape]
    for size in [*mentioned[:6], *(n for n in sizes[:6] if n not in guess.shape)]:
        if guess.shape:
            yield guess._replace(shape=(*guess.shape[:-1], size))
        if len(guess.shape) == 2:
            yield guess._replace(shape=(size, guess.shape[1]))
        elif len(guess.shape) == 3:
            yield guess._replace(shape=(size, size, guess.shape[2]))


def _other_rank(guess: Guess, core: str) -> Iterator[Guess]:
    rank = re.search(r"min_ndim=(\d+)|expected ndim=(\d+)", core)
    if rank is not None:
        wanted = int(rank.group(1) or rank.group(2)) - 1
        if wanted in BY_RANK:
            yield guess._replace(shape=BY_RANK[wanted](guess.shape[-1] if guess.shape else FEATURES))
    unpack = re.search(r"(?:too many|not enough) values to unpack \(expected (\d+)", core)
    if unpack is not None and int(unpack.group(1)) - 1 in BY_RANK:
        wanted = int(unpack.group(1)) - 1
        yield guess._replace(shape=BY_RANK[wanted](3 if wanted >= 3 else FEATURES))


def _other_structure(guess: Guess, core: str) -> Iterator[Guess]:
    unpack = re.search(r"(?:not enough|too many) values to unpack \(expected (\d)", core)
    if unpack is not None and guess.structure == "plain":
        yield guess._replace(structure="list", members=int(unpack.group(1)))
    elif re.search(r"Iterating over a symbolic|not iterable", core) and guess.structure == "plain":
        yield guess._replace(structure="list", members=2)
