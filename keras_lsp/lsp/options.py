"""Settings and trust out of what a client sends: the fields of `Settings` in camelCase."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from keras_lsp.sandbox.outer import BUBBLEWRAP_CHOICES
from keras_lsp.session.rule_table import rules_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.session.settings import Settings


class _UnfitError(Exception):
    """The value is not what the setting takes; the message says what it does take."""


def settings_from(data: object, base: Settings) -> tuple[Settings, tuple[str, ...]]:
    """`base` with what `data` sets, and what was wrong with the rest. Unknown names are left alone."""
    if not isinstance(data, dict):
        return base, ()
    changes: dict[str, Any] = {}
    problems = []
    for name, (field, read) in _READERS.items():
        if data.get(name) is None:
            continue
        try:
            changes[field] = read(data[name])
        except _UnfitError as expected:
            problems.append(f"setting {name!r} is ignored: it takes {expected}")
    rules, unfit = rules_from(data, base.rules, "perFileIgnores")
    return replace(base, **changes, rules=rules), (*problems, *unfit)


def trust_from(data: object) -> bool | None:
    """What `{"trusted": …}` says; None when it says nothing."""
    trusted = data.get("trusted") if isinstance(data, dict) else None
    return trusted if isinstance(trusted, bool) else None


def commands_from(data: object) -> frozenset[str]:
    """`{"commands": […]}`: the commands of ours that the client carries out itself."""
    named = data.get("commands") if isinstance(data, dict) else None
    return frozenset(map(str, named)) if isinstance(named, list | tuple) else frozenset()


def _command(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise _UnfitError("a path, or a command as a list of strings")


def _commands(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise _UnfitError("an object from folder uri to command")
    return {str(folder): _command(command) for folder, command in value.items()}


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise _UnfitError("true or false")
    return value


def _positive(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise _UnfitError("a number above 0")
    return value


def _shapes(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(shape, str) for shape in value.values()):
        raise _UnfitError('an object from class name to shape, such as {"MyModel": "(None, 32)"}')
    return {str(name): shape for name, shape in value.items()}


def _choice(value: object) -> str:
    if value not in BUBBLEWRAP_CHOICES:
        raise _UnfitError(" or ".join(map(repr, BUBBLEWRAP_CHOICES)))
    return str(value)


_READERS: dict[str, tuple[str, Callable[[object], object]]] = {
    "interpreter": ("interpreter", _command),
    "interpreters": ("interpreters", _commands),
    "interpretersFollow": ("interpreters_follow", _switch),
    "hints": ("hints", _switch),
    "parameterHints": ("parameter_hints", _switch),
    "codeLens": ("code_lens", _switch),
    "idleSeconds": ("idle_seconds", _positive),
    "replaySeconds": ("replay_seconds", _positive),
    "memoryBytes": ("memory_bytes", lambda value: int(_positive(value))),
    "bubblewrap": ("bubblewrap", _choice),
    "untestedSandbox": ("untested_sandbox", _switch),
    "inputShapes": ("input_shapes", _shapes),
}
