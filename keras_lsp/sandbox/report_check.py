"""What a worker says is not trusted: spans must lie in the text that was replayed, and texts must be text.

Characters that move a cursor, hide or reorder what is shown come from hostile code only.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from keras_lsp.worker.wire import MAX_DEPTH, WireError, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.worker.report import ReplayReport, SpanPair


_T = TypeVar("_T")
_REPLACED = "\ufffd"
_KEPT = "\n\t"


def cleaned(data: Any, depth: int = 0) -> Any:
    """Parsed JSON with every character that is not shown replaced.

    Raises WireError when it is too deep, or has what Python reads as a number and no other JSON does.
    """
    if depth > MAX_DEPTH:
        raise WireError("nested too deeply")
    if isinstance(data, str):
        if data.isprintable():
            return data
        return "".join(c if c.isprintable() or c in _KEPT else _REPLACED for c in data)
    if isinstance(data, list):
        return [cleaned(item, depth + 1) for item in data]
    if isinstance(data, float) and not isfinite(data):
        raise WireError(f"{data} is no number")
    if isinstance(data, dict):
        return {cleaned(key): cleaned(item, depth + 1) for key, item in data.items()}
    return data


def decoded(cls: type[_T], payload: Any) -> _T:
    """What a worker sent, cleaned. Raises WireError when it is no `cls`."""
    return decode(cls, cleaned(payload))


def check_report(report: ReplayReport, length: int) -> None:
    """Raises WireError for a span outside a text of `length` code points."""
    for start, end in _spans(report):
        if not 0 <= start <= end <= length:
            raise WireError(f"a report has the span {start}..{end} in a text of {length} characters")


def _spans(report: ReplayReport) -> Iterator[SpanPair]:
    for layer in report.layers:
        yield from _known(layer.created, layer.built_at, layer.defined)
        for flow in layer.flows:
            yield from flow.spans
        for step in layer.graph.steps if layer.graph else ():
            yield from _known(step.span)
    for node in report.nodes:
        yield node.span
    for event in report.events:
        yield event.span
    for hole in report.holes:
        yield hole.span
    for checkpoint in report.checkpoints:
        yield checkpoint.span
    for warning in report.warnings:
        yield from _known(warning.span)
    for failure in report.failures:
        yield from _known(failure.span, *failure.chain)


def _known(*spans: SpanPair | None) -> Iterator[SpanPair]:
    return (span for span in spans if span is not None)
