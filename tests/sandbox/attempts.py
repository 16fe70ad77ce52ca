"""All attempts: a module for each subject, loaded alone where one attempt is to be made."""

from __future__ import annotations

import importlib

from tests.sandbox.registry import ATTEMPTS, Attempt

GROUPS = (
    *("reading", "writing", "metadata", "descriptors"),
    *("network", "programs", "signals", "neighbours", "privileges"),
    *("resources", "shared_memory", "bombs", "endings", "everyday"),
)


def attempt_of(key: str) -> Attempt:
    """`reading.read_ssh_key`."""
    importlib.import_module(f"tests.sandbox.{key.partition('.')[0]}")
    return ATTEMPTS[key]


def all_attempts() -> dict[str, Attempt]:
    for group in GROUPS:
        importlib.import_module(f"tests.sandbox.{group}")
    return ATTEMPTS
