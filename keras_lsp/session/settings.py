"""Settings as plain data. Reading them from clients and files is not this module's business."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

SEVERITIES = ("error", "warning", "information", "hint", "off")


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """Which rules speak, and how loudly.

    A rule is named by its code, its slug, the beginning of its code, or as one of "ALL". Where a rule is both
    selected and ignored, the more exact name counts; of two as exact, the ignored one.
    """

    select: tuple[str, ...] | None = None  # None: not said, so all
    ignore: tuple[str, ...] = ()
    severity: dict[str, str] = field(default_factory=dict)  # name -> one of SEVERITIES
    per_file_ignores: dict[str, tuple[str, ...]] = field(default_factory=dict)  # file pattern -> names

    def with_said(self, **said: Any) -> RuleSettings:
        return replace(self, **said) if said else self


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user can choose. Programs and the sandbox are never chosen by the folder's files."""

    interpreter: tuple[str, ...] = ()  # command of the Python whose Keras counts; () = discover
    interpreters: dict[str, tuple[str, ...]] = field(default_factory=dict)  # folder uri -> command
    interpreters_follow: bool = False  # the editor is still to say which are selected: replays wait
    hints: bool = True  # inlay hints
    parameter_hints: bool = False  # parameter counts among them
    code_lens: bool = True
    idle_seconds: float = 0.25  # quiet time after an edit before a replay starts
    replay_seconds: float = 10.0  # a replay that takes longer is stopped
    memory_bytes: int = 2 << 30  # what a replay may allocate
    rules: RuleSettings = field(default_factory=RuleSettings)
    bubblewrap: str = "auto"  # or "always", "never": see `sandbox/outer.py`
    untested_sandbox: bool = False  # whether code may run in a sandbox that nobody has tried, see there
    input_shapes: dict[str, str] = field(default_factory=dict)  # class name -> "(None, 32)"
