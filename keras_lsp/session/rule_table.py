"""Which rules a user wants, out of a table of a settings file or of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_lsp.session.settings import SEVERITIES, RuleSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _UnfitError(Exception):
    """The value is not what the name takes; the message says what it does take."""


def rules_from(
    table: Mapping[str, object], base: RuleSettings, per_file: str
) -> tuple[RuleSettings, tuple[str, ...]]:
    """`base` with what the table sets, and what is wrong with the rest; that has no effect.

    `per_file` is how the table spells the ignores that are about files.
    """
    readers: dict[str, tuple[str, Callable[[object], object]]] = {
        "select": ("select", _names),
        "ignore": ("ignore", _names),
        "severity": ("severity", _severities),
        per_file: ("per_file_ignores", _by_pattern),
    }
    found: dict[str, Any] = {}
    problems = []
    for name, (field, read) in readers.items():
        if table.get(name) is None:
            continue
        try:
            found[field] = read(table[name])
        except _UnfitError as expected:
            problems.append(f"setting {name!r} is ignored: it takes {expected}")
    return base.with_said(**found), tuple(problems)


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise _UnfitError('a list of rules, such as ["KL101", "weights-before-build", "KL3"]')
    return tuple(value)


def _severities(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(level in SEVERITIES for level in value.values()):
        raise _UnfitError(f"a table from rule to one of {', '.join(SEVERITIES)}")
    return {str(name): str(level) for name, level in value.items()}


def _by_pattern(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise _UnfitError('a table from file pattern to rules, such as {"tests/*": ["KL1"]}')
    return {str(pattern): _names(names) for pattern, names in value.items()}
