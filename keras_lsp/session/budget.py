"""How often code that ends its own replay is tried again."""

from __future__ import annotations

from dataclasses import dataclass

TRIES = 2
_CALM = 8  # times the quiet time, for a document whose replays keep failing


@dataclass(slots=True)
class _Failures:
    fingerprint: str
    reason: str = ""
    count: int = 0  # of this fingerprint
    in_a_row: int = 0  # whatever the text was
    refused: bool = False  # by the user


class FailureBudget:
    """Counts replays that ended in a way that would repeat itself, by document, not by text.

    The same code is tried twice. Edited code is tried again, but after two failures in a row only when the
    typing has paused for longer: a loop without end then costs one replay per pause, not per keystroke.
    """

    def __init__(self) -> None:
        self._failures: dict[str, _Failures] = {}

    def fail(self, key: str, fingerprint: str, reason: str) -> None:
        known = self._failures.setdefault(key, _Failures(fingerprint))
        if known.fingerprint != fingerprint:
            known.fingerprint, known.count, known.refused = fingerprint, 0, False
        known.reason = reason
        known.count += 1
        known.in_a_row += 1

    def refuse(self, key: str, fingerprint: str, reason: str) -> None:
        """The user does not want this code replayed."""
        self._failures[key] = _Failures(fingerprint, reason, TRIES, refused=True)

    def verdict(self, key: str, fingerprint: str) -> str:
        """Why this code is not replayed any more; "" when it may be."""
        known = self._failures.get(key)
        if known is None or known.fingerprint != fingerprint or known.count < TRIES:
            return ""
        if known.refused:
            return known.reason
        return f"{known.reason} It ended so {TRIES} times and is tried again when the code changes."

    def quiet_time(self, key: str, usual: float) -> float:
        """Seconds without an edit before the next replay."""
        known = self._failures.get(key)
        return usual * _CALM if known is not None and known.in_a_row >= TRIES else usual

    def forgive(self, key: str) -> None:
        self._failures.pop(key, None)
