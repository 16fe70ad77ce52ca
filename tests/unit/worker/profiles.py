"""A reader of Seatbelt profiles, as far as ours go: the last rule that fits decides."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r'\(|\)|#"[^"]*"|"(?:\\.|[^"\\])*"|[^\s()"]+')


def parse(text: str) -> list[Any]:
    stack: list[list[Any]] = [[]]
    for token in _TOKEN.findall(text):
        if token == "(":  # noqa: S105  # no password
            stack.append([])
        elif token == ")":  # noqa: S105
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    assert len(stack) == 1, "brackets do not match"
    return stack[0]


def allows(profile: str, operation: str, path: str = "") -> bool:
    verdict = "deny"
    for rule in parse(profile):
        if rule[0] not in ("allow", "deny"):
            continue
        operations = [item for item in rule[1:] if isinstance(item, str)]
        filters = [item for item in rule[1:] if isinstance(item, list)]
        fits = any(_covers(one, operation) for one in operations)
        if fits and (not filters or any(_fits(one, path) for one in filters)):
            verdict = rule[0]
    return verdict == "allow"


def _covers(named: str, operation: str) -> bool:
    return named in ("default", operation) or (named.endswith("*") and operation.startswith(named[:-1]))


def _fits(condition: list[Any], path: str) -> bool:
    kind, *arguments = condition
    if kind == "literal":
        return path == _text(arguments[0])
    if kind == "subpath":
        folder = _text(arguments[0])
        return path == folder or path.startswith(folder.rstrip("/") + "/")
    if kind == "regex":
        return any(re.search(one[2:-1], path) for one in arguments)
    if kind == "require-all":
        return all(_fits(one, path) for one in arguments)
    if kind == "require-not":
        return not _fits(arguments[0], path)
    return kind == "target" and path == ""


def _text(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1])
