"""What made a layer's weights, and where: from its calls and the program's events for this layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional, Tuple

if TYPE_CHECKING:
    from ..report import ReplayEvent, SpanPair
    from .observe import Seen
    from .places import SourceMap


def built_by(seen: Seen, events: List[ReplayEvent]) -> Tuple[str, Optional[SpanPair]]:
    """What built it in the program itself (constructor, call, build, fit) and the expression that did."""
    event = _making_event(events)
    if event is not None:
        return event.kind, event.span
    if not seen.built_at_end:
        return "", None
    if _built_in_call(seen):
        return "call", seen.first_call or seen.first_call_from
    marked = next((e for e in events if e.built_after and not e.built_before), None)
    if marked is not None:
        return marked.kind, marked.span
    # Nothing called it, so it was built when it was made, or by whatever made or called its holder.
    return ("constructor", seen.created) if not seen.calls_at_end and seen.created else ("", None)


def built_how(seen: Seen, events: List[ReplayEvent], source: SourceMap) -> str:
    """`called on (None, 32) on line 15`; why it has weights, or why not; "" when there is nothing to say."""
    event = _making_event(events)
    if event is not None and event.kind == "build":
        return f"built for {event.input} on {source.spot(event.span)}"
    inner, outer = source.spot(seen.first_call), source.spot(seen.first_call_from)
    if seen.first_call_input and seen.calls_at_end and (inner or outer):
        on_line = f" on {inner}" if inner else ""
        from_line = "" if outer in ("", inner) else f"{',' if inner else ''} from {outer}"
        return f"called on {seen.first_call_input}{on_line}{from_line}"
    return seen.unknown_call


def _making_event(events: List[ReplayEvent]) -> Optional[ReplayEvent]:
    """The first statement-level event that gave it weights; `fit`, not the call that `fit` makes."""
    making = [event for event in events if event.weights_after > event.weights_before]
    return next((event for event in reversed(making) if event.span == making[0].span), None)


def _built_in_call(seen: Seen) -> bool:
    return 0 < seen.built_by_call <= seen.calls_at_end
