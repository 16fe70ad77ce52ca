"""A value the replay does not know. It answers everything with more of itself and remembers why."""

from __future__ import annotations

from typing import Any, Iterator, List


class Touches:
    """How often holes were used: an exception after a use proves nothing about the user's program."""

    count = 0


def _touch(hole: Hole) -> None:
    if not object.__getattribute__(hole, "_keras_lsp_harmless"):
        Touches.count += 1


def _spread(self: Hole, *_args: Any, **_kwargs: Any) -> Hole:
    _touch(self)
    return self


class Hole:
    """Unknown, because of `reason`. Attribute access, calls, items and arithmetic give the hole again.

    Iteration gives nothing, truth is False: code behind an unknown condition is not run. A `harmless` hole
    stands for something that cannot change a model (a plot, a log): its use leaves everything else certain.
    """

    def __init__(self, reason: str, harmless: bool = False) -> None:
        object.__setattr__(self, "_keras_lsp_reason", reason)
        object.__setattr__(self, "_keras_lsp_harmless", harmless)

    def __getattr__(self, name: str) -> Hole:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # protocols we do not name below are not supported
        _touch(self)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        _touch(self)

    def __iter__(self) -> Iterator[Any]:
        _touch(self)
        return iter(())

    def __bool__(self) -> bool:
        _touch(self)
        return False

    def __len__(self) -> int:
        _touch(self)
        return 0

    def __contains__(self, item: Any) -> bool:
        _touch(self)
        return False

    def __repr__(self) -> str:
        _touch(self)
        return "<unknown>"

    def __exit__(self, *_: object) -> None:
        return None

    def __delattr__(self, name: str) -> None:
        _touch(self)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> Any:
        _touch(self)
        return self is other


_SPREADING: List[str] = [
    "call",
    "getitem",
    "setitem",
    "delitem",
    "enter",
    "add",
    "radd",
    "sub",
    "rsub",
    "mul",
    "rmul",
    "truediv",
    "rtruediv",
    "floordiv",
    "rfloordiv",
    "mod",
    "rmod",
    "pow",
    "rpow",
    "matmul",
    "rmatmul",
    "neg",
    "pos",
    "abs",
    "invert",
    "and",
    "rand",
    "or",
    "ror",
    "xor",
    "rxor",
    "lshift",
    "rlshift",
    "rshift",
    "rrshift",
    "lt",
    "le",
    "gt",
    "ge",
    "iadd",
    "isub",
    "imul",
    "itruediv",
    "round",
]

for _name in _SPREADING:
    setattr(Hole, "__" + _name + "__", _spread)


def reason_of(hole: Hole) -> str:
    return str(object.__getattribute__(hole, "_keras_lsp_reason"))


def uncertain(reason: str) -> Hole:
    """A hole for something whose effect on a model is not known: what follows proves nothing."""
    Touches.count += 1
    return Hole(reason)
