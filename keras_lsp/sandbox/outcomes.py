"""What a worker's answer to a replay means for the one who asked. Nothing it says is trusted."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from keras_lsp.sandbox.builder import ReplayOutcome
from keras_lsp.sandbox.report_check import check_report, decoded
from keras_lsp.worker import wire
from keras_lsp.worker.report import PackedReport, ReplayReport, unpack

if TYPE_CHECKING:
    from keras_lsp.worker.wire import ReplayEnded

_log = logging.getLogger(__name__)


def outcome_of_end(ended: ReplayEnded) -> ReplayOutcome:
    if ended.kind == "internal":
        _log.error("the worker failed while replaying:\n%s", ended.reason)
        return ReplayOutcome(
            reason="keras-lsp itself failed in this replay; its log says how.", terminal=True
        )
    return ReplayOutcome(
        reason=f"The replay ended early: {ended.reason.rstrip('.')}.",
        terminal=ended.kind not in ("cancelled", "unfit", "not begun"),
    )


async def outcome_of_report(data: Any, length: int) -> ReplayOutcome:
    """`length` of the text in code points. Raises WireError for what is no report of such a text."""
    return ReplayOutcome(report=await asyncio.to_thread(_report, data, length))


def _report(data: Any, length: int) -> ReplayReport:
    try:
        report = unpack(decoded(PackedReport, data))
    except ValueError as error:
        raise wire.WireError(str(error)) from None
    check_report(report, length)
    return report
