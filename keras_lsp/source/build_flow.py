"""Whether a model is built at each place its weights are used: paths through the text, joined.

The walk of a module writes one small program per function body; this module runs it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from keras_lsp.source.facts import Built
from keras_lsp.source.variables import EventDraft, Variable, WeightDraft

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Effect(Enum):
    """What an event does to the state of a model."""

    BUILDS = "weights exist afterwards"
    MARKS = "Keras 3 takes it for built, without weights"
    MAY_BUILD = "code we do not follow had it in its hands"
    RESETS = "what was built may be so no more"
    NONE = "nothing"


@dataclass(frozen=True, slots=True)
class Bind:
    """A name gets a new value."""

    variable: Variable
    after: Built
    event: EventDraft | None


@dataclass(frozen=True, slots=True)
class Happen:
    variable: Variable
    effect: Effect
    event: EventDraft | None


@dataclass(frozen=True, slots=True)
class Mention:
    """A function or class of this module is named, and so may run from here on."""

    name: str


@dataclass(frozen=True, slots=True)
class Use:
    variable: Variable
    draft: WeightDraft


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several blocks runs."""

    blocks: tuple[list[Operation], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A block that runs any number of times."""

    body: list[Operation]


@dataclass(frozen=True, slots=True)
class Attempt:
    """`try`: the body may stop anywhere, then one of the handlers runs."""

    body: list[Operation]
    handlers: tuple[list[Operation], ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """return, raise, break, continue: what follows in this block is not reached from here."""

    loop_only: bool  # break and continue go on behind the loop


Operation = Bind | Happen | Mention | Use | Branch | Loop | Attempt | Leave
Known = tuple[Built, EventDraft | None]
States = dict[Variable, Known]
# Under Keras 3 these hold seeds and metrics, too, which exist without a build.
_MORE_THAN_WEIGHTS = frozenset({"variables", "non_trainable_variables"})
_UNKNOWN: Known = (Built.UNKNOWN, None)


def join(states: Sequence[States | None]) -> States | None:
    """What is known where several paths meet; a path that is never taken (None) has no say."""
    taken = [s for s in states if s is not None]
    if not taken:
        return None
    first, *others = taken
    return {
        variable: _join(known, [o.get(variable, _UNKNOWN) for o in others])
        for variable, known in first.items()
    }


def _join(known: Known, others: list[Known]) -> Known:
    if any(other[0] is not known[0] for other in others):
        return _UNKNOWN
    same_cause = all(other[1] is known[1] for other in others)
    return (known[0], known[1] if same_cause else None)


@dataclass
class BuildFlow:
    """Runs the programs of one module. `reach` tells which variables a named function can touch."""

    reach: Callable[[str], frozenset[Variable]]
    _recording: bool = True
    _breaks: list[list[States]] = field(default_factory=list)

    def run(self, program: Sequence[Operation]) -> None:
        """Fill in the state of every use and event of one body."""
        with suppress(RecursionError):  # nested deeper than we follow: the rest stays unknown
            self._block(program, {})

    def _block(self, program: Sequence[Operation], states: States) -> States | None:
        current: States | None = dict(states)
        for operation in program:
            if current is None:
                break
            current = self._step(operation, current)
        return current

    def _step(self, operation: Operation, states: States) -> States | None:
        if isinstance(operation, Branch):
            return join([self._block(block, states) for block in operation.blocks])
        if isinstance(operation, Loop):
            return self._loop(operation, states)
        if isinstance(operation, Attempt):
            return self._attempt(operation, states)
        if isinstance(operation, Leave):
            if operation.loop_only and self._breaks:
                self._breaks[-1].append(states)
            return None
        self._change(operation, states)
        return states

    def _change(self, operation: Bind | Happen | Mention | Use, states: States) -> None:
        if isinstance(operation, Bind):
            self._record(operation.event, operation.after)
            states[operation.variable] = (operation.after, operation.event)
        elif isinstance(operation, Happen):
            self._happen(operation, states)
        elif isinstance(operation, Mention):
            for variable in self.reach(operation.name):
                self._happen(Happen(variable, Effect.MAY_BUILD, None), states)
        elif self._recording:
            known = states.get(operation.variable, _UNKNOWN)
            if operation.draft.attribute in _MORE_THAN_WEIGHTS and known[0] is not Built.YES:
                known = _UNKNOWN
            operation.draft.state, operation.draft.cause = known

    def _record(self, event: EventDraft | None, after: Built) -> None:
        if event is not None and self._recording:
            event.after = after

    def _happen(self, operation: Happen, states: States) -> None:
        before, cause = states.get(operation.variable, _UNKNOWN)
        after = _after(operation.effect, before)
        self._record(operation.event, after)
        if operation.variable in states:
            unchanged = operation.event is None and after is before
            states[operation.variable] = (after, cause if unchanged else operation.event)

    def _loop(self, operation: Loop, states: States) -> States | None:
        """The body starts in what holds both before the first round and after any other."""
        outer = self._recording
        self._recording = False
        entry = join([states, self._round(operation.body, states)]) or states
        self._recording = outer
        # While only looking ahead, one look is enough: it keeps nested loops from multiplying.
        end = self._round(operation.body, entry) if outer else entry
        return join([states, end])

    def _round(self, body: Sequence[Operation], states: States) -> States | None:
        self._breaks.append([])
        end = self._block(body, states)
        return join([end, *self._breaks.pop()])

    def _attempt(self, operation: Attempt, states: States) -> States | None:
        whole = self._block(operation.body, states)
        interrupted = join([states, whole if whole is not None else _forgotten(states)]) or states
        return join([whole, *(self._block(handler, interrupted) for handler in operation.handlers)])


def _forgotten(states: Mapping[Variable, Known]) -> States:
    return dict.fromkeys(states, _UNKNOWN)


def _after(effect: Effect, before: Built) -> Built:
    if effect is Effect.BUILDS:
        return Built.YES
    if effect is Effect.MARKS:
        return Built.MARKED if before is Built.NO else before
    if effect is Effect.MAY_BUILD:
        return before if before is Built.YES else Built.UNKNOWN
    return Built.UNKNOWN if effect is Effect.RESETS else before
