"""Who answers "what would Keras do with this text?": a sandboxed worker, or nobody, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from keras_lsp.worker.report import ReplayReport
    from keras_lsp.worker.wire import Hello, ReplayRequest


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """A report, or why there is none. `terminal`: trying the same text again would end the same way.

    `catalogue` is the answer where that was asked for, as the worker sent it.
    """

    report: ReplayReport | None = None
    reason: str = ""
    terminal: bool = False
    catalogue: object = None


class ModelBuilder(Protocol):
    """One environment's replays. Never raises: what goes wrong is an outcome with a reason."""

    async def replay(self, request: ReplayRequest) -> ReplayOutcome: ...

    async def catalogue(self) -> ReplayOutcome:
        """What the installed Keras offers, as JSON values that nobody has checked."""
        ...

    async def start(self) -> Hello | str:
        """Warm up; the worker's Hello, or why there is none."""
        ...

    async def close(self, reason: str) -> None: ...


class NullBuilder:
    """No replays here, and the reason why. Everything else keeps working."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def replay(self, request: ReplayRequest) -> ReplayOutcome:  # noqa: ARG002 - ModelBuilder's signature
        return ReplayOutcome(reason=self.reason, terminal=True)

    async def catalogue(self) -> ReplayOutcome:
        return ReplayOutcome(reason=self.reason, terminal=True)

    async def start(self) -> Hello | str:
        return self.reason

    async def close(self, reason: str) -> None:  # noqa: ARG002 - ModelBuilder's signature
        return None
