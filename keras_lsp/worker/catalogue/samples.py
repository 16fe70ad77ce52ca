"""Small instances of layer classes, built on symbols: what weights they have, what arguments they take."""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

from ..report import TensorSpec
from . import signatures

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

# What required parameters are given, one after the other, until the class takes it. Introspection tells
# that a parameter is required, not what it is for.
_VALUES = (2, 0.5, "relu", (2, 2))
_SIZE = 32  # of each axis of the inputs that are tried
_RANKS = (2, 3, 4, 5, 6)
# Most layers take one input, attention takes two, merging takes a list.
_CALLS: Tuple[Callable[[Any], Tuple[Any, ...]], ...] = (
    lambda tensor: (tensor,),
    lambda tensor: (tensor, tensor),
    lambda tensor: ([tensor, tensor],),
)
_NO_CHOICE = "keras_lsp"


def instance(cls: Any, **options: Any) -> Optional[Any]:
    """One with as few arguments as possible; None where no simple values do."""
    required = [
        parameter.name
        for parameter in signatures.signature(cls).parameters.values()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and parameter.name not in options
    ]
    for value in _VALUES if required else (None,):
        made = attempt(cls, **dict.fromkeys(required, value), **options)
        if made is not None:
            return made
    return None


def attempt(cls: Any, **arguments: Any) -> Optional[Any]:
    with contextlib.suppress(Exception):  # it does not take these: that is the answer
        return cls(**arguments)
    return None


def weights(line: KerasLine, cls: Any) -> Optional[List[str]]:
    """The names of a layer's weights once it is called; None where no instance or input fits."""
    if instance(cls) is None:
        return None
    for pack in _CALLS:
        for rank in _RANKS:
            for dtype in ("float32", "int32"):
                layer = instance(cls)  # a new one: a call that fails half way leaves it half built
                tensor = line.symbolic_input(TensorSpec((None, *(_SIZE,) * (rank - 1)), dtype))
                if layer is not None and _goes_well(layer, *pack(tensor)):
                    return _names(line, layer)
    cell: Any = instance(cls)  # of a recurrent layer, which cannot be called without a state
    built = _goes_well(getattr, cell, "state_size") and _goes_well(cell.build, (None, _SIZE))
    return _names(line, cell) if built else None


def _goes_well(function: Callable[..., Any], *arguments: Any) -> bool:
    with contextlib.suppress(Exception):  # another input may fit
        function(*arguments)
        return True
    return False


def _names(line: KerasLine, layer: Any) -> Optional[List[str]]:
    """`kernel`, and `query/kernel` where several have the same name."""
    with contextlib.suppress(AttributeError):  # tables of a vocabulary stand among the weights
        found = [line.weight(variable) for variable in line.weights(layer)]
        names = [weight.name for weight in found]
        unique = len(set(names)) == len(names)
        return names if unique else [weight.path.partition("/")[2] for weight in found]
    return None


def is_picky(cls: Any, parameter: str) -> bool:
    """Whether the constructor refuses a string that no argument takes, where it takes no string at all."""
    return instance(cls) is not None and instance(cls, **{parameter: _NO_CHOICE}) is None


def further_keywords(line: KerasLine, cls: Any) -> List[str]:
    """What a layer class takes as `**kwargs` and hands on to `Layer`, tried one by one."""
    own = signatures.signature(cls)
    if not signatures.takes_any_keyword(own) or issubclass(cls, line.model_class):
        return []
    offered: Dict[str, Any] = {
        parameter.name: parameter.default
        for parameter in signatures.signature(line.layer_class).parameters.values()
        if parameter.default is not inspect.Parameter.empty and parameter.name not in own.parameters
    }
    if instance(cls) is None:
        return list(offered)
    return [name for name, default in offered.items() if instance(cls, **{name: default}) is not None]
