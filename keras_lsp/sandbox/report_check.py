"""A report's spans must lie in the text that was replayed: what a worker says is not trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.worker.wire import WireError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.worker.report import ReplayReport, SpanPair


def check_report(report: ReplayReport, length: int) -> None:
    """Raises WireError for a span outside a text of `length` code points."""
    for start, end in _spans(report):
        if not 0 <= start <= end <= length:
            raise WireError(f"a report has the span {start}..{end} in a text of {length} characters")


def _spans(report: ReplayReport) -> Iterator[SpanPair]:
    for layer in report.layers:
        yield from _known(layer.created, layer.built_at)
        for flow in layer.flows:
            yield from flow.spans
    for node in report.nodes:
        yield node.span
    for event in report.events:
        yield event.span
    for hole in report.holes:
        yield hole.span
    for warning in report.warnings:
        yield from _known(warning.span)
    for failure in report.failures:
        yield from _known(failure.span, *failure.chain)


def _known(*spans: SpanPair | None) -> Iterator[SpanPair]:
    return (span for span in spans if span is not None)
