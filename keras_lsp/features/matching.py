"""Whether a name is what somebody is typing."""

from __future__ import annotations


def matches(typed: str, name: str) -> bool:
    """Its characters come in this order, in whatever case: what every editor's own filter lets pass."""
    rest = iter(name.casefold())
    return all(character in rest for character in typed.casefold())
