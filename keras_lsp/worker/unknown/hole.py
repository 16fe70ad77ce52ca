"""A value the replay does not know. It answers everything with more of itself and remembers why."""

from __future__ import annotations

import operator
import re
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Tuple

from ..report import Unknown

MAX_TEXT = 60
MAX_DEPTH = 12
UNKNOWN = "<unknown>"  # what a hole is in a message


class Touches:
    """How often holes were used: an exception after a use proves nothing about the user's program."""

    count = 0
    reason = ""  # of the last one


class Answers:
    """What holes say to code that must have a number, a truth value or a number of rounds.

    A text may be replayed twice, as sample 0 and sample 1, which answer unlike each other: what comes out the
    same does not depend on the answers, and what differs tells on which it depends. All numbers are multiples
    of 192, so that splitting a dimension into heads or halving an image goes through, and no two of a sample
    are related.
    """

    FACTORS = (
        (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107),
        (1, 7, 5, 13, 11, 19, 17, 29, 23, 37, 31, 43, 41, 53, 47, 61, 59, 71, 67, 79, 73, 89, 83, 101),
    )
    UNIT = 192
    SMALL = (2, 4)
    ROUNDS = (1, 2)
    MAX_TRUE = 64  # `while unknown:` ends

    def __init__(self) -> None:
        self.sample = 0
        self.unknowns: Dict[str, Unknown] = {}
        self._values: Dict[int, str] = {}  # number given -> text it was asked for by
        self._given = 0
        self._asked: Dict[str, int] = {}
        self.asked_here: Dict[str, None] = {}  # by the statement that runs; each has a dictionary of its own

    def number(self, text: str, reason: str, compute: Optional[Callable[[], int]] = None) -> int:
        """A number above zero: the one given before for this text, what `compute` gives, or a new one."""
        self.asked_here[text] = None
        known = self.unknowns.get(text)
        if known is not None and known.value is not None:
            return known.value
        computed = compute() if compute is not None else 0
        if computed > 0:
            self._values.setdefault(computed, text)
            self.unknowns[text] = Unknown(text, reason, computed)
            return computed
        factors = self.FACTORS[self.sample]
        turn, place = divmod(self._given, len(factors))
        self._given += 1
        value = self.UNIT * (factors[place] + turn * 211)
        self._values[value] = text
        self.unknowns[text] = Unknown(text, reason, value)
        return value

    def small(self, text: str, reason: str) -> int:
        """For sizes of kernels, strides, numbers of heads: what divides and fits."""
        value = self.SMALL[self.sample]
        self.put(text, reason, value)
        return value

    def put(self, text: str, reason: str, value: int) -> None:
        """This sample uses `value` for something that is not known."""
        self.asked_here[text] = None
        self.unknowns.setdefault(text, Unknown(text, reason, value))

    def is_answer(self, number: int) -> bool:
        return number in self._values

    def call_it(self, number: int, name: str) -> None:
        """The program binds this number to a name: readers know it by that."""
        text = self._values[number]
        known = self.unknowns[text]
        if known.text == text and not any(other.text == name for other in self.unknowns.values()):
            self.unknowns[text] = Unknown(name, known.reason, known.value)

    def spelled(self, message: str) -> str:
        """What an exception says, with the texts that were asked for in place of the numbers given."""
        return re.sub(r"\d+", lambda found: self._values.get(int(found.group()), found.group()), message)

    def truth(self, text: str, reason: str) -> bool:
        self._note(text, reason)
        asked = self._asked[text] = self._asked.get(text, 0) + 1
        return self.sample == 1 and asked <= self.MAX_TRUE

    def rounds(self, text: str, reason: str) -> int:
        self._note(text, reason)
        return self.ROUNDS[self.sample]

    def _note(self, text: str, reason: str) -> None:
        self.asked_here[text] = None
        self.unknowns.setdefault(text, Unknown(text, reason))


ANSWERS = Answers()


class _Inside(NamedTuple):
    """What a hole keeps of itself, out of reach of the user's attributes."""

    reason: str
    harmless: bool
    text: str  # how the user would write it, "" where that is too long
    compute: Optional[Callable[[], int]] = None  # of a sum, product, …: from the numbers of its sides
    depth: int = 0  # in how many others it is an item


def _inside(hole: Hole) -> _Inside:
    inside: _Inside = object.__getattribute__(hole, "_keras_lsp_inside")
    return inside


def _touched(hole: Hole) -> _Inside:
    inside = _inside(hole)
    if not inside.harmless:
        Touches.count += 1
        Touches.reason = inside.reason
    return inside


def _derived(inside: _Inside, text: str, compute: Optional[Callable[[], int]] = None, depth: int = 0) -> Hole:
    known = text if inside.text and len(text) <= MAX_TEXT else ""
    return Hole(inside.reason, inside.harmless, known, compute, depth)


def _item(inside: _Inside, text: str) -> Hole:
    """Raises TypeError where it would never end: libraries go down in sequences until something is none."""
    if inside.depth >= MAX_DEPTH:
        raise TypeError("a value that a replay does not know")
    return _derived(inside, text, depth=inside.depth + 1)


def _asked(hole: Hole, before: str = "", after: str = "") -> Tuple[str, str]:
    """What is asked for, and why it is not known. An answer leaves nothing certain, whoever gives it."""
    inside = _inside(hole)
    Touches.count += 1
    return f"{before}{inside.text or 'an unknown value'}{after}", inside.reason


class Hole:
    """Unknown, because of `reason`. Attribute access, calls, items and arithmetic give holes again.

    Code that needs a number, a truth value or rounds of a loop gets one of `ANSWERS`. A `harmless` hole
    stands for something that cannot change a model (a plot, a log): its use leaves everything else certain.
    """

    made = 0  # how many that are not harmless

    def __init__(
        self,
        reason: str,
        harmless: bool = False,
        text: str = "",
        compute: Optional[Callable[[], int]] = None,
        depth: int = 0,
    ) -> None:
        object.__setattr__(self, "_keras_lsp_inside", _Inside(reason, harmless, text, compute, depth))
        if not harmless:
            Hole.made += 1

    def __getattr__(self, name: str) -> Hole:
        inside = _touched(self)
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # protocols we do not name below are not supported
        return _derived(inside, f"{inside.text}.{name}")

    def __mro_entries__(self, _bases: Any) -> Tuple[type, ...]:
        """A class derived from something unknown is as unknown."""
        inside = _touched(self)
        return (type.__new__(_Derived, "Unknown", (), {"inside": inside}),)

    def __call__(self, *args: Any, **kwargs: Any) -> Hole:
        inside = _touched(self)
        return _derived(inside, f"{inside.text}({'…' if args or kwargs else ''})")

    def __getitem__(self, key: Any) -> Hole:
        inside = _touched(self)
        return _item(inside, f"{inside.text}[{_spelled(key)}]")

    def __setitem__(self, key: Any, value: Any) -> None:
        _touched(self)

    def __delitem__(self, key: Any) -> None:
        _touched(self)

    def __setattr__(self, name: str, value: Any) -> None:
        _touched(self)

    def __delattr__(self, name: str) -> None:
        _touched(self)

    def __enter__(self) -> Any:
        inside = _touched(self)
        return _derived(inside, inside.text)

    def __exit__(self, *_: object) -> None:
        return None

    def __iter__(self) -> Iterator[Any]:
        inside = _inside(self)
        rounds = 0 if inside.harmless else ANSWERS.rounds(*_asked(self))
        return iter([_item(inside, f"{inside.text}[{index}]") for index in range(rounds)])

    def __bool__(self) -> bool:
        return not _inside(self).harmless and ANSWERS.truth(*_asked(self))

    def __len__(self) -> int:
        return ANSWERS.number(*_asked(self, "len(", ")"))

    def __index__(self) -> int:
        return ANSWERS.number(*_asked(self), _inside(self).compute)

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.__index__())

    def __contains__(self, item: Any) -> bool:
        return ANSWERS.truth(*_asked(self, f"{_spelled(item)} in "))

    def __repr__(self) -> str:
        _touched(self)
        return UNKNOWN

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __fspath__(self) -> str:
        _touched(self)
        return "/unknown"

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> Any:
        if self is other:
            return True
        inside = _touched(self)
        return _derived(inside, f"{inside.text} == {_spelled(other)}")

    def __ne__(self, other: object) -> Any:
        if self is other:
            return False
        inside = _touched(self)
        return _derived(inside, f"{inside.text} != {_spelled(other)}")

    def __array__(self, *_args: Any, **_kwargs: Any) -> Any:
        _touched(self)
        raise TypeError("an array of values that a replay does not know")

    def __array_ufunc__(self, ufunc: Any, _method: str, *_inputs: Any, **_kwargs: Any) -> Hole:
        inside = _touched(self)
        return _derived(inside, f"{ufunc.__name__}({inside.text})")

    def __array_function__(self, function: Any, _types: Any, _args: Any, _kwargs: Any) -> Hole:
        inside = _touched(self)
        return _derived(inside, f"{function.__name__}(…)")


class _Derived(type):
    """Of the class that stands for a hole among the bases of another one, which becomes a hole itself."""

    inside: _Inside

    def __new__(cls, name: str, bases: Tuple[Any, ...], _members: Any, **_options: Any) -> Any:
        inside = next(base.inside for base in bases if isinstance(base, _Derived))
        return Hole(inside.reason, inside.harmless, name)


def _spelled(value: Any) -> str:
    kind = type(value)
    if kind is Hole:
        return _inside(value).text or "…"
    if kind is int or kind is str or kind is bool or kind is float or value is None:
        return repr(value)[:MAX_TEXT]
    if kind is slice:
        ends = ("" if end is None else _spelled(end) for end in (value.start, value.stop))
        return ":".join(ends)
    return "…"


_OPERATORS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "matmul": "@",
    "and": "&",
    "or": "|",
    "xor": "^",
    "lshift": "<<",
    "rshift": ">>",
}
_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_UNARY = {"neg": "-", "pos": "+", "abs": "abs ", "invert": "~", "round": "round ", "reversed": "reversed "}


WHOLE = {"+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod}


def _binary(symbol: str, swapped: bool = False) -> Callable[[Hole, Any], Hole]:
    whole = WHOLE.get(symbol)

    def operation(self: Hole, other: Any) -> Hole:
        inside = _touched(self)
        left, right = (other, self) if swapped else (self, other)
        computable = whole is not None and type(other) in (int, Hole)
        compute = (lambda: _whole(whole, left, right)) if computable else None
        return _derived(inside, f"{_spelled(left)} {symbol} {_spelled(right)}", compute)

    return operation


def _whole(operation: Any, left: Any, right: Any) -> int:
    """The result for whole numbers, 0 where there is none."""
    try:
        return int(operation(operator.index(left), operator.index(right)))
    except ZeroDivisionError:
        return 0


def _unary(symbol: str) -> Callable[..., Hole]:
    def operation(self: Hole, *_args: Any) -> Hole:
        inside = _touched(self)
        return _derived(inside, f"{symbol}{inside.text}")

    return operation


def _add_operators() -> None:
    for name, symbol in _OPERATORS.items():
        setattr(Hole, f"__{name}__", _binary(symbol))
        setattr(Hole, f"__i{name}__", _binary(symbol))
        setattr(Hole, f"__r{name}__", _binary(symbol, swapped=True))
    for name, symbol in _COMPARISONS.items():
        setattr(Hole, f"__{name}__", _binary(symbol))
    for name, symbol in _UNARY.items():
        setattr(Hole, f"__{name}__", _unary(symbol))


_add_operators()


def reason_of(hole: Hole) -> str:
    return _inside(hole).reason


def is_harmless(hole: Hole) -> bool:
    return _inside(hole).harmless


def text_of(hole: Hole) -> str:
    """How the user would write it, "" where that is too long."""
    return _inside(hole).text


def named(value: Any, name: str) -> Any:
    """What a program binds to a name; something unknown is known by that name from then on."""
    if type(value) is Hole:
        inside = _inside(value)
        return value if inside.harmless else Hole(inside.reason, False, name, inside.compute)
    if type(value) is int and ANSWERS.is_answer(value):
        ANSWERS.call_it(value, name)
    return value


def number_of(hole: Hole) -> int:
    return operator.index(hole)


def small_number_of(hole: Hole) -> int:
    return ANSWERS.small(*_asked(hole))


def length_of(hole: Hole) -> int:
    return len(hole)


def uncertain(reason: str, text: str = "") -> Hole:
    """A hole for something whose effect on a model is not known: what follows proves nothing."""
    Touches.count += 1
    return Hole(reason, text=text)


def hole_in(value: Any) -> Optional[Hole]:
    """The first hole in nested lists, tuples and dicts."""
    if type(value) is Hole:
        return value
    members: Any = ()
    if isinstance(value, dict):
        members = value.values()
    elif isinstance(value, (list, tuple)):
        members = value
    for member in members:
        found = hole_in(member)
        if found is not None:
            return found
    return None
