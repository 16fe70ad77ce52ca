"""What a document asks of an environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class SandboxSettings(Protocol):
    """What is laid around a Python: the user's alone to say."""

    @property
    def bubblewrap(self) -> str:
        """One of `outer.BUBBLEWRAP_CHOICES`."""
        ...

    @property
    def untested_sandbox(self) -> bool: ...


class InterpreterSettings(SandboxSettings, Protocol):
    """What chooses a Python: a command, and commands by folder (uri or path). The user's alone, too."""

    @property
    def interpreter(self) -> tuple[str, ...]: ...

    @property
    def interpreters(self) -> Mapping[str, tuple[str, ...]]: ...


@dataclass(frozen=True, slots=True)
class Demand:
    """Where the document is, None while it is nowhere on disk; what the user has set; what its text says."""

    path: str | None
    roots: tuple[str, ...]
    settings: InterpreterSettings
    legacy: bool = False  # `tf.keras` means tf-keras 2
    backend: str = ""  # of Keras 3; "" where the text sets none
