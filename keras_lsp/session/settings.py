"""Settings as plain data. Reading them from clients and files is not this module's business."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user can choose. Programs and the sandbox are never chosen by the folder's files."""

    interpreter: tuple[str, ...] = ()  # command of the Python whose Keras counts; () = discover
    interpreters: dict[str, tuple[str, ...]] = field(default_factory=dict)  # folder uri -> command
    hints: bool = True  # inlay hints
    idle_seconds: float = 0.25  # quiet time after an edit before a replay starts
    replay_seconds: float = 10.0  # a replay that takes longer is stopped
    memory_bytes: int = 2 << 30  # what a replay may allocate
    bubblewrap: str = "auto"  # or "always", "never": see `sandbox/outer.py`
    untested_sandbox: bool = False  # whether code may run in a sandbox that nobody has tried, see there
    input_shapes: dict[str, str] = field(default_factory=dict)  # class name -> "(None, 32)"
