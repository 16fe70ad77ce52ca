"""Samples, what they are compared with, and a reference that says how fast this machine is right now."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable

REFERENCE_ROUNDS = 200_000


@dataclass
class Series:
    """One quantity, measured several times. `budget` limits its p95 when `tail` is set, else its median."""

    what: str
    unit: str  # "ms" | "MB"
    budget: float
    tail: bool = False
    samples: list[float] = field(default_factory=list)
    references: list[float] = field(default_factory=list)  # milliseconds of the reference loop, beside each

    @property
    def median(self) -> float:
        return median(self.samples)

    @property
    def p95(self) -> float:
        return _p95(self.samples)

    def at_rest(self, fastest: float) -> float:
        """What the budget judges, without the machine's other load.

        Each sample is scaled by how slow the reference loop beside it was against the `fastest` of the run.
        """
        samples = self.samples
        if self.references:
            samples = [s * fastest / beside for s, beside in zip(samples, self.references, strict=True)]
        return _p95(samples) if self.tail else median(samples)

    @property
    def ratio(self) -> float | None:
        """The median in units of the reference loop: comparable between machines and between loads."""
        return self.median / median(self.references) if self.references else None

    async def time(self, action: Awaitable[object], *, less: float = 0.0) -> None:
        """One sample in milliseconds, without `less` (ms of a delay that is there on purpose)."""
        self.references.append(reference())
        started = perf_counter()
        await action
        self.samples.append((perf_counter() - started) * 1000 - less)


def _p95(samples: list[float]) -> float:
    return quantiles(samples, n=20, method="inclusive")[-1] if len(samples) > 1 else samples[0]


def fastest_reference(series: list[Series]) -> float:
    """The reference loop at the machine's best in a run: its 5th percentile, so that no fluke decides."""
    beside = sorted(reference for one in series for reference in one.references)
    return beside[len(beside) // 20] if beside else 1.0


def reference() -> float:
    """Milliseconds that a fixed piece of pure Python takes now."""
    started = perf_counter()
    total = 0
    for number in range(REFERENCE_ROUNDS):
        total += number & 7
    return (perf_counter() - started) * 1000
