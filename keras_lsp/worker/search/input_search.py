"""Finds an input that builds a layer or model when the program gives none.

What the layers met first, the text, documents and names say of each input is tried, best first, each guess
on a fresh object; what Keras says about a failed one puts better ones in front. Then the found input is tried
once more with other sizes, which tells the sizes that are free from those that the class asks for. What is
found is told as a guess wherever it shows.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from ..record.failures import ANSI, useful_sentence
from ..report import TensorSpec
from .candidates import Candidates, Reader
from .guess import Argument, Guess, changed, inputs, spec, spelling
from .lessons import alternative, better_guesses, core_of
from .sizes import MAX_SIZE

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from .call_hints import CallHints, Parameter

MAX_TRIES = 48
MAX_REPEATS = 6  # of one error in other words for sizes: then what it teaches is not what is missing
MAX_SAID = 200  # characters of an error
AHEAD = 6  # better guesses that go before all others; the rest goes to the end, for breadth


class Found(NamedTuple):
    """An input that works."""

    guess: Guess
    args: List[Any]  # positional
    text: str  # "(None, 32)"; as a pragma spells it
    kwargs: Dict[str, Any]  # what goes by name: {"training": False} where `call` demands it
    other: Optional[Guess] = None  # the same with other sizes where these are free, which works as well


class InputSearch:
    """One search. `reason` says afterwards why nothing was found, "" when something was."""

    def __init__(self, line: KerasLine, make: Callable[[], Any], hints: CallHints, sizes: List[int]) -> None:
        self.line = line
        self.make = make
        self.hints = hints
        self.sizes = [size for size in dict.fromkeys(sizes) if 1 < size < MAX_SIZE]
        self.reason = ""
        self._repeats: Dict[str, int] = {}  # kind of error -> how often it came

    def run(self, seconds: float) -> Optional[Found]:
        watch = _Watch(seconds)
        if not self.hints.parameters:
            self.reason = "its `call` takes no input"
            return None
        queue = list(self._first_guesses(self.make()))
        tried: Set[Guess] = set()
        while queue and len(tried) < MAX_TRIES and watch.left() > 0:
            guess = queue.pop(0)
            if guess in tried:
                continue
            tried.add(guess)
            before = watch.left()
            _, error = self._call(guess)
            if error is None:
                self.reason = ""
                args, kwargs = self._arguments(guess)
                found = Found(guess, args, spelling(guess), kwargs)
                spent = before - watch.left()
                return self._compared(found) if watch.left() > 2 * spent else found
            better = self._learned(guess, error)
            queue[:0] = better[:AHEAD]
            queue.extend(better[AHEAD:])
        self.reason = self.reason or "there was no time to look for an input that it can be called on"
        return None

    def _arguments(self, guess: Guess) -> Tuple[List[Any], Dict[str, Any]]:
        args, kwargs = inputs(self.line, guess)
        return args, {**kwargs, **self.hints.switches}

    def _call(self, guess: Guess) -> Tuple[Any, Optional[Exception]]:
        """A fresh object, called; and what that raised."""
        layer = self.make()
        args, kwargs = self._arguments(guess)
        try:
            layer(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a failed guess teaches what to guess next
            return layer, error
        return layer, None

    def _learned(self, guess: Guess, error: Exception) -> List[Guess]:
        """Better guesses; none where one error comes again and again, whatever the sizes."""
        said = useful_sentence(error)[:MAX_SAID]
        if not self.reason:
            self.reason = f"no input was found that it can be called on (for {spelling(guess)}: {said})"
        message = _message(error)
        kind = re.sub(r"\d+|None", "", core_of(message))[:MAX_SAID]
        self._repeats[kind] = self._repeats.get(kind, 0) + 1
        return [] if self._repeats[kind] > MAX_REPEATS else list(better_guesses(guess, message, self.sizes))

    # -- first guesses

    def _first_guesses(self, layer: Any) -> Iterator[Guess]:
        reader = Reader(self.line, layer, self.hints)
        columns = [_column(reader, parameter, i == 0) for i, parameter in enumerate(self.hints.parameters)]
        longest = max((len(c.tensors) for column in columns for c in column.candidates), default=1)
        for step in range(longest):  # what nothing is known of changes first
            yield tuple(column.argument(step, keep_sure=True) for column in columns)
        for step in range(1, longest):
            yield tuple(column.argument(step, keep_sure=False) for column in columns)

    # -- the second call

    def _compared(self, found: Found) -> Found:
        """Whether other sizes do as well, and which."""
        for change in (alternative, _all_but_last, _last):
            other = changed(found.guess, lambda _, tensor, change=change: change(tensor))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            if other != found.guess and self._call(other)[1] is None:
                return found._replace(other=other)
        return found


class _Watch:
    """Counts processor time, so that a busy machine finds what an idle one does; but no longer than twice."""

    def __init__(self, seconds: float) -> None:
        self._end = time.process_time() + seconds
        self._last_end = time.monotonic() + 2 * seconds

    def left(self) -> float:
        """Seconds; none are left when this is not positive."""
        return min(self._end - time.process_time(), self._last_end - time.monotonic())


class _Column(NamedTuple):
    """One parameter, with the candidates of each of its tensors."""

    parameter: Parameter
    kind: str  # plain | dict | list
    candidates: List[Candidates]

    def argument(self, step: int, keep_sure: bool) -> Argument:
        parameter = self.parameter
        tensors = []
        for candidates in self.candidates:
            index = 0 if keep_sure and candidates.sure else step
            tensors.append(candidates.tensors[min(index, len(candidates.tensors) - 1)])
        return Argument(parameter.name, self.kind, tuple(parameter.keys), tuple(tensors), parameter.by_name)


def _column(reader: Reader, parameter: Parameter, first: bool) -> _Column:
    states = getattr(reader.layer, "state_size", None) if parameter.name.startswith("state") else None
    if isinstance(states, (int, list, tuple)):  # of an RNN cell: one tensor for each
        each = [states] if isinstance(states, int) else list(states)
        return _Column(parameter, "list", [Candidates((spec((int(size),)),), sure=True) for size in each])
    candidates = [reader.of(leaf, first) for leaf in parameter.leaves]
    if parameter.kind == "plain" and candidates[0].in_list:
        return _Column(parameter, "list", candidates * 2)
    return _Column(parameter, parameter.kind, candidates)


def _all_but_last(tensor: TensorSpec) -> TensorSpec:
    if len(tensor.shape) < 2:
        return tensor
    return TensorSpec((*alternative(tensor).shape[:-1], tensor.shape[-1]), tensor.dtype)


def _last(tensor: TensorSpec) -> TensorSpec:
    if len(tensor.shape) < 2:
        return tensor
    return TensorSpec((*tensor.shape[:-1], alternative(tensor).shape[-1]), tensor.dtype)


def _message(error: Exception) -> str:
    try:
        return ANSI.sub("", str(error))
    except Exception:  # noqa: BLE001 - a user's exception class may have a broken __str__
        return ""
