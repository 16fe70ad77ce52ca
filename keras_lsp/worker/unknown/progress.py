"""What stands in for a progress bar: it hands on what it goes over and shows nothing."""

from __future__ import annotations

from typing import Any, Iterable, Iterator

from .hole import Hole


def stand_in(name: str) -> Any:
    """For what a program imports from tqdm, or for tqdm itself."""
    if name == "trange":
        return lambda *args, **_: Bar(range(*args))
    return Bar if "tqdm" in name.lower() or name == "auto" else Hole("only shows progress", harmless=True)


class _AlsoModule(type):
    """`tqdm.tqdm(x)`, `tqdm.auto.tqdm(x)`: the module and the class go by one name."""

    def __getattr__(cls, name: str) -> Any:
        return stand_in(name)


class Bar(metaclass=_AlsoModule):
    def __init__(self, iterable: Iterable[Any] = (), *_args: Any, **_kwargs: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)  # type: ignore[arg-type]  # raises what the real one raises

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return Hole("only shows progress", harmless=True)
