"""What an error of a failed guess teaches: better guesses, best first.

Messages are Keras's and TensorFlow's own, and those that libraries on top of them raise in `build`.
"""

from __future__ import annotations

import re
from itertools import combinations
from math import prod
from typing import Callable, Iterator, List, Optional, Tuple

from ..report import TensorSpec
from .guess import Argument, Guess, changed, spec, tensors_of
from .sizes import FEATURES, MAX_SIZE, OTHERS, STEPS, sizes_of_rank

LEAST_CHANGED = 4  # smaller sizes are channels, coordinates and the like

# The rank that was wanted, with the batch axis.
_RANK = re.compile(
    r"min_ndim=(\d)|expected ndim=(\d)|(?:expect\w*|must be|should be|must have|be of|Shape must be)"
    r"[^.\d]{0,30}?(?:rank[ -]?(\d)|(\d)[ -]?(?:D\b|dim))"
    r"|(?:too many|not enough) values to unpack \(expected (\d)",
    re.IGNORECASE,
)
_LEAST_AXIS = re.compile(
    r"(?:axis|dimension|index) (\d) (?:is )?out of (?:bounds|range)|slice index (\d) of dimension 0 out of"
)
_SHORT = re.compile(r"(?:tuple|list) index out of range|out of bounds for array of dimension")
_AXIS = re.compile(r"expected axis (-?\d+) of input shape to have value (\d+)")
_INTEGER = re.compile(
    r"int32|int64|\bintegers?\b|DT_INT|non-integer|must be (?:int|an integer)|not in list of allowed values"
)
_LIST_OF = re.compile(
    r"list (?:of|with)(?: length| at least| exactly)*\s*(\d|two|three)|least (\d) inputs", re.IGNORECASE
)
_WANTS_LIST = re.compile(
    r"Iterating over a symbolic|not iterable|not subscriptable|called on a list|should be (?:a )?list"
    r"|list of (?:input|tensor)s?",
    re.IGNORECASE,
)
_NO_LIST = re.compile(
    r"'(?:list|dict)' object has no attribute|only one input|1 input\b|got a list", re.IGNORECASE
)
_TARGET = re.compile(
    r"(?:target_shape|newshape|into shape|to shape)\W{0,3}[\[(]([^\])]*)[\])]", re.IGNORECASE
)
_TOO_SMALL = re.compile(r"[Nn]egative dimension|would be (?:negative|zero)|<= 0|non-positive|empty shape")
_UNEQUAL = re.compile(r"equal, but are (\d+) and (\d+)|(?:got|are|sizes?) (\d+) (?:and|vs\.?|!=) (\d+)")
_MULTIPLE = re.compile(r"(?:divisible by|multiple of)\D{0,40}?(\d+)")
_NODE = re.compile(r" for '\{\{.*?\}\}[^']*'")  # TensorFlow's name of a graph node: its numbers are no sizes
_TRANSPOSED = re.compile(r"must be (\d) but is (\d) for '[^']*Transpose")
_BATCH = re.compile(
    r"Iterating over a symbolic|NoneType|\bNone\b.{0,40}(?:integer|interpreted|converted|convert)"
)
_SIZES = re.compile(
    r"dimension|shape|size|axis|axes|equal|match|broadcast|divisib|matmul|concat|compatible|multiple|expected|window",
    re.IGNORECASE,
)
_UNCHANGED = re.compile(
    r"input_shape ?= ?[\[(]([\d, ]*)[\])], (?:target|output)_shape ?= ?[\[(]([\d, ]*)[\])]"
)
_TWO_SHAPES = re.compile(r"shapes?:? [\[(]([\d, None?]+)[\])](?: and|,| vs\.?) [\[(]([\d, None?]+)[\])]")
_NUMBERS = re.compile(r"(?<![\w.])(\d{1,6})(?![\w.])")
_NAMED = re.compile(r"named input\(s\) with keys \[([^\]]*)\]")
_EXPECTED = re.compile(r"[Ee]xpected shape \(None, ([\d, None]*)\)")
_WORDS = {"two": 2, "three": 3}


def core_of(message: str) -> str:
    """An error without what Keras wraps around it, and without the arguments, which are the guess itself."""
    inner = message.rsplit("Error encountered:", maxsplit=1)[-1]
    return re.split(r"Arguments received|Call arguments received", inner, maxsplit=1)[0]


def better_guesses(guess: Guess, message: str, sizes: List[int]) -> Iterator[Guess]:
    """`sizes` are integers of the program that may be dimensions."""
    core = core_of(message)
    for lesson in (
        _batch,
        _named,
        _expected,
        _ranks,
        _structures,
        _axes,
        _dtypes,
        _unequal,
        _targets,
        _proportions,
        _room,
    ):
        yield from lesson(guess, core)
    about_sizes = _SIZES.search(core) is not None
    numbers = [int(number) for number in _NUMBERS.findall(_NODE.sub("", core)) if about_sizes]
    said = [size for size in dict.fromkeys(numbers) if 1 < size < MAX_SIZE]
    for size in dict.fromkeys([*said[:6], *sizes[:6]]):
        yield from _with_size(guess, size)


def _everywhere_then_each(guess: Guess, change: Callable[[TensorSpec], TensorSpec]) -> Iterator[Guess]:
    """All tensors changed alike, then one at a time: a message seldom says which it means."""
    yield changed(guess, lambda _, tensor: change(tensor))
    count = len(tensors_of(guess))
    for chosen in range(count if count > 1 else 0):
        yield changed(guess, lambda index, tensor, one=chosen: change(tensor) if index == one else tensor)  # type: ignore[misc]  # mypy cannot infer a lambda with a default


def _batch(guess: Guess, core: str) -> Iterator[Guess]:
    """Code that uses the batch size as a number works on a batch of known size only."""
    if _BATCH.search(core):
        yield changed(guess, lambda _, tensor: TensorSpec((2, *tensor.shape[1:]), tensor.dtype))


def _named(guess: Guess, core: str) -> Iterator[Guess]:
    """A functional model says which names its inputs have."""
    match = _NAMED.search(core)
    names = tuple(re.findall(r"'([^']*)'", match.group(1))) if match is not None else ()
    for index, argument in enumerate(guess if names else ()):
        tensors = argument.tensors[:1] * len(names)
        yield _replaced(guess, index, argument._replace(kind="dict", keys=names, tensors=tensors))


def _expected(guess: Guess, core: str) -> Iterator[Guess]:
    """A functional model says which shape it wants."""
    match = _EXPECTED.search(core)
    if match is not None:
        sizes = [int(size) if size.strip().isdigit() else STEPS for size in match.group(1).split(",") if size]
        yield from _everywhere_then_each(
            guess, lambda tensor: TensorSpec((tensor.shape[0], *sizes), tensor.dtype)
        )


def _of_rank(tensor: TensorSpec, rank: int) -> TensorSpec:
    last = tensor.shape[-1] if len(tensor.shape) > 1 and rank < 4 else None
    shapes = sizes_of_rank(rank, last, "")
    return TensorSpec((tensor.shape[0], *shapes[0]), tensor.dtype) if shapes else tensor


def _ranks(guess: Guess, core: str) -> Iterator[Guess]:
    match = _RANK.search(core)
    wanted = int(next(group for group in match.groups() if group)) if match is not None else 0
    transposed = _TRANSPOSED.search(core)
    wanted = int(transposed.group(2)) if transposed is not None else wanted
    if 0 < wanted < 6:
        mentioned = _mentioned(guess, core)
        if mentioned is not None:
            yield changed(guess, lambda i, tensor: _of_rank(tensor, wanted) if i == mentioned else tensor)
        yield from _everywhere_then_each(guess, lambda tensor: _of_rank(tensor, wanted))
    axis = _LEAST_AXIS.search(core)
    least = int(next(group for group in axis.groups() if group)) + 1 if axis is not None else 0
    if least or _SHORT.search(core):
        highest = max((len(tensor.shape) for tensor in tensors_of(guess)), default=1)
        for rank in range(least or highest + 1, 6):
            yield changed(guess, lambda _, tensor, r=rank: _of_rank(tensor, r))  # type: ignore[misc]  # see above


def _mentioned(guess: Guess, core: str) -> Optional[int]:
    """The tensor whose shape the message quotes, where it is the only one of that shape."""
    compact = core.replace(" ", "")
    found = [
        index
        for index, tensor in enumerate(tensors_of(guess))
        if str(tuple(tensor.shape)).replace(" ", "") in compact
    ]
    return found[0] if len(found) == 1 else None


def _structures(guess: Guess, core: str) -> Iterator[Guess]:
    for index, argument in enumerate(guess):
        if argument.kind == "plain":
            unpack = re.search(r"values to unpack \(expected (\d)", core)
            listed = _LIST_OF.search(core)
            if unpack is not None:
                yield _as_list(guess, index, int(unpack.group(1)))
            elif listed is not None:
                word = (listed.group(1) or listed.group(2)).lower()
                yield _as_list(guess, index, _WORDS.get(word) or int(word))
            elif _WANTS_LIST.search(core):
                yield _as_list(guess, index, 2)
        elif argument.kind in ("list", "dict") and _NO_LIST.search(core):
            yield _replaced(guess, index, argument._replace(kind="plain", tensors=argument.tensors[:1]))


def _as_list(guess: Guess, index: int, count: int) -> Guess:
    argument = guess[index]
    return _replaced(guess, index, argument._replace(kind="list", tensors=argument.tensors[:1] * count))


def _replaced(guess: Guess, index: int, argument: Argument) -> Guess:
    return (*guess[:index], argument, *guess[index + 1 :])


def _axes(guess: Guess, core: str) -> Iterator[Guess]:
    match = _AXIS.search(core)
    if match is not None:
        yield from _everywhere_then_each(guess, lambda tensor: _last(tensor, int(match.group(2))))


def _last(tensor: TensorSpec, size: int) -> TensorSpec:
    return TensorSpec((*tensor.shape[:-1], size), tensor.dtype) if len(tensor.shape) > 1 else tensor


def _dtypes(guess: Guess, core: str) -> Iterator[Guess]:
    if not _INTEGER.search(core):
        return

    def integer(tensor: TensorSpec) -> TensorSpec:
        return TensorSpec(tensor.shape, "int32") if tensor.dtype == "float32" else tensor

    yield from _everywhere_then_each(guess, integer)


def _targets(guess: Guess, core: str) -> Iterator[Guess]:
    """A reshape says what it makes: `(-1, 16, 16, 64)` of a sequence wants `(256, 64)`."""
    for match in _TARGET.finditer(core):
        sizes = [int(size) for size in re.findall(r"\d+", match.group(1))]
        for count in {len(sizes), max(len(sizes) - 1, 1)}:
            for shape in _groupings(sizes[-count:], guess):
                yield changed(guess, lambda i, tensor, s=shape: spec(s, tensor.dtype) if i == 0 else tensor)  # type: ignore[misc]  # see above


def _groupings(sizes: List[int], guess: Guess) -> Iterator[Tuple[int, ...]]:
    """Neighbouring sizes multiplied, as many as the first tensor has axes."""
    tensors = tensors_of(guess)
    wanted = len(tensors[0].shape) - 1 if tensors else 0
    if not 0 < wanted <= len(sizes) <= 6:
        return
    for cuts in combinations(range(1, len(sizes)), wanted - 1):
        starts, ends = (0, *cuts), (*cuts, len(sizes))
        shape = tuple(prod(sizes[start:end]) for start, end in zip(starts, ends))
        if all(0 < size < MAX_SIZE for size in shape):
            yield shape


def _unequal(guess: Guess, core: str) -> Iterator[Guess]:
    """Of two sizes that ought to be equal one may be the guess's own: then it becomes the other."""
    pairs = [tuple(int(size) for size in match.groups() if size) for match in _UNEQUAL.finditer(core)]
    for both in _TWO_SHAPES.finditer(core):
        one, two = _sizes_in(both.group(1)), _sizes_in(both.group(2))
        pairs += [(a, b) for a, b in zip(one[::-1], two[::-1]) if a != b]
    for one_size, other in pairs[:4]:
        for old, new in ((one_size, other), (other, one_size)):
            if new > 1:
                yield from _everywhere_then_each(guess, lambda tensor, a=old, b=new: _swapped(tensor, a, b))  # type: ignore[misc]  # see above


def _swapped(tensor: TensorSpec, old: int, new: int) -> TensorSpec:
    return TensorSpec(tuple(new if size == old else size for size in tensor.shape), tensor.dtype)


def _proportions(guess: Guess, core: str) -> Iterator[Guess]:
    """What arrives is too much or too little by a factor: an image's side by its root, a sequence by itself.

    A class token makes one more than the patches of an image.
    """
    match = _UNCHANGED.search(core)
    pairs = [tuple(prod(_sizes_in(group)) for group in match.groups())] if match is not None else []
    for both in _TWO_SHAPES.finditer(core):
        one, two = _sizes_in(both.group(1)), _sizes_in(both.group(2))
        differing = [(a, b) for a, b in zip(one[::-1], two[::-1]) if a != b]
        if len(differing) == 1:
            (a, b) = differing[0]
            pairs += [(a, b), (b, a), (a - 1, b - 1), (b - 1, a - 1)]
    for has, wants in pairs:
        if has > 0 and wants > 0 and has != wants:
            factor = wants / has
            yield changed(guess, lambda _, tensor, f=factor: _scaled(tensor, f))  # type: ignore[misc]  # see above


def _sizes_in(text: str) -> List[int]:
    return [int(size) for size in re.findall(r"\d+", text)]


def _scaled(tensor: TensorSpec, factor: float) -> TensorSpec:
    middle = tensor.shape[1:-1]
    each = factor ** (1 / len(middle)) if middle else 1.0
    sizes = [round(size * each) if size is not None else None for size in middle]
    fits = all(size is None or abs(size * each - round(size * each)) < 1e-6 for size in middle)
    return (
        TensorSpec((tensor.shape[0], *sizes, tensor.shape[-1]), tensor.dtype) if middle and fits else tensor
    )


def _room(guess: Guess, core: str) -> Iterator[Guess]:
    """More of it where a window does not fit, the next multiple where one is asked for."""
    if _TOO_SMALL.search(core):
        for factor in (4, 16):
            yield changed(guess, lambda _, tensor, f=factor: _larger(tensor, f))  # type: ignore[misc]  # see above
    for match in _MULTIPLE.finditer(core):
        step = int(match.group(1))
        if 1 < step < MAX_SIZE:
            yield changed(guess, lambda _, tensor, s=step: _rounded(tensor, s))  # type: ignore[misc]  # see above
            yield from _with_size(guess, step * max(1, FEATURES // step))


def _larger(tensor: TensorSpec, factor: int) -> TensorSpec:
    middle = [size * factor if size is not None else None for size in tensor.shape[1:-1]]
    return TensorSpec((*tensor.shape[:1], *middle, *tensor.shape[1:][-1:]), tensor.dtype)


def _rounded(tensor: TensorSpec, step: int) -> TensorSpec:
    sizes = [-(-size // step) * step if size is not None else None for size in tensor.shape[1:]]
    return TensorSpec((tensor.shape[0], *sizes), tensor.dtype)


def _with_size(guess: Guess, size: int) -> Iterator[Guess]:
    """A number that was named, as the last size, as the one before, as an image's side."""
    if any(size in tensor.shape for tensor in tensors_of(guess)) and len(tensors_of(guess)) == 1:
        return
    yield from _everywhere_then_each(guess, lambda tensor: _last(tensor, size))
    for tensor in tensors_of(guess)[:1]:
        if len(tensor.shape) in (3, 4):
            middle = len(tensor.shape) - 2

            def other(tensor: TensorSpec, count: int = middle) -> TensorSpec:
                return (
                    TensorSpec((tensor.shape[0], *([size] * count), tensor.shape[-1]), tensor.dtype)
                    if len(tensor.shape) == count + 2
                    else tensor
                )

            yield from _everywhere_then_each(guess, other)


def alternative(tensor: TensorSpec) -> TensorSpec:
    """The same rank with other sizes that divide as well.

    Each usual size grows by another factor, so that a size derived from one tells which.
    """

    def other(size: Optional[int]) -> Optional[int]:
        return size if size is None or size < LEAST_CHANGED else OTHERS.get(size, size + size // 2)

    return TensorSpec((tensor.shape[0], *map(other, tensor.shape[1:])), tensor.dtype)
