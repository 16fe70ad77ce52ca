"""One replay: a module's model-relevant statements, in order, on shapes only, recorded."""

from __future__ import annotations

import ast
import dataclasses
import os
import signal
import sys
import time
import types
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from ..record.describe import Describer
from ..record.failures import (
    MAX_SAID,
    StatementDeadline,
    WarningLog,
    describe_failure,
    is_about_models,
    missing_module,
    not_allowed,
)
from ..record.instrument import ASSIGN, CALLEE, LOOP, METHOD, RECORD, WHILE, instrument
from ..record.observe import Observer, Registry
from ..record.places import Classes, SourceMap
from ..record.record import Recorder
from ..report import Hole as HoleReport
from ..report import ReplayEvent, ReplayFailure, ReplayReport, SpanPair
from ..search.projection import Projector
from ..unknown.hole import ANSWERS, UNKNOWN, Hole, Touches, hole_in, is_harmless, reason_of
from . import adapting, sources, surroundings
from . import slice as slicing
from .callee import MAX_HOLES, Callees
from .libraries import harmless_names, notebook_names
from .standins import StandIns
from .workspace import WorkspaceFinder

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from ..wire import ReplayRequest


_MOST_FILES = 500
_NOT_KNOWN = " is not known: "  # between a name and the reason, which itself may have one
_NO_TIME = "was not run: the time of a replay was over (setting `replaySeconds`)"
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Of the whole time, until when statements run, and until when what they leave unknown is worked out.
_SHARE_OF_PROGRAM, _SHARE_OF_ALL = 0.7, 0.9
_A_MOMENT = 0.05  # seconds
HOLDER = "__keras_lsp_context__"  # what a `with` enters, between two statements of ours


def replay(request: ReplayRequest, line: KerasLine) -> ReplayReport:
    """Run the request's text under `line`. Never raises for what the user's code does."""
    return _Replay(request, line).run()


class _Replay:
    def __init__(self, request: ReplayRequest, line: KerasLine) -> None:
        self.request = request
        self.line = line
        self.source = SourceMap(request.text, request.path, request.cells, request.cell_names)
        self.registry = Registry()
        self.observer = Observer(line, self.source, self.registry)
        self.recorder = Recorder(line, self.registry)
        self.events: List[ReplayEvent] = []
        self.describer = Describer(line, self.source, self.registry, self.events)
        self.failures: List[ReplayFailure] = []
        self.holes: List[HoleReport] = []
        self.warnings = WarningLog(self.source)
        self.stand_ins = StandIns(line, self.observer, self.events)
        self.callees = Callees(line, self.source, self.holes)
        self.finder = WorkspaceFinder(
            request.roots, dict(request.overlays), self.callees, self.recorder.loops
        )
        ANSWERS.sample = request.sample
        self.module = self._module()
        self.timings: Dict[str, float] = {}

    def run(self) -> ReplayReport:
        self._begun = time.monotonic()
        with self._phase("prepare"):
            tree = self._parse()
            self.observer.install()
            self.stand_ins.install()
            self.warnings.install()
            surroundings.install()
            sources.install()
            self.finder.install()
        with self.line.scope():
            if tree is not None:
                with self._phase("replay"):
                    self._run_body(tree.body)
                self._note_cut_loops()
                self._note_end()
                with self._phase("projection"):
                    self._project(self.request.text)
        with self._phase("describe"):
            layers = self.describer.reports()
        return ReplayReport(
            versions=self.line.versions(),
            layers=layers,
            nodes=self.recorder.facts(),
            events=tuple(self.events),
            failures=tuple(self.failures),
            warnings=tuple(self.warnings.warnings),
            holes=tuple(self.holes),
            unknowns=tuple(ANSWERS.unknowns.values()),
            checkpoints=tuple(self.stand_ins.checkpoints.found),
            files=self._files(),
            timings=self.timings,
            truncated=self.recorder.truncated,
        )

    def _files(self) -> Tuple[str, ...]:
        files = dict.fromkeys((*self.finder.read, *self.stand_ins.checkpoints.asked))
        return tuple(files)[:_MOST_FILES]

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.timings[name] = time.perf_counter() - start

    def _module(self) -> types.ModuleType:
        module = types.ModuleType(self.request.module_name)
        module.__file__ = self.request.path
        module.__package__ = self.request.package
        module.__dict__.update(
            {
                RECORD: self.recorder.record,
                ASSIGN: self.recorder.assign,
                LOOP: self.recorder.loop,
                WHILE: self.recorder.loops.goes_on,
                CALLEE: self.callees.stand_in,
                METHOD: self._observed_method,
            }
        )
        if self.request.cells or self.request.path.endswith(".ipynb"):
            module.__dict__.update(notebook_names())
        sys.modules[self.request.module_name] = module
        return module

    def _observed_method(self, receiver: Any, name: str, index: int) -> Any:
        instrumented = self.recorder.instrumented
        span = instrumented.spans[index] if instrumented is not None else None
        return self.stand_ins.observed_method(receiver, name, span)

    def _parse(self) -> Any:
        sources.keep(self.request.path, self.request.text)
        try:
            tree = ast.parse(self.request.text, self.request.path)
        except (SyntaxError, ValueError) as error:
            failure = describe_failure(error, self.source, self.line, self.registry)
            self.failures.append(dataclasses.replace(failure, certain=False))
            return None
        self.describer.classes = Classes(tree, self.source)
        in_workspace = _workspace_modules(self.request.roots)
        relevant = slicing.relevant_statements(tree.body, in_workspace)
        tree.body = [statement for index, statement in enumerate(tree.body) if index in relevant]
        instrumented = instrument(tree, self.source)
        self.recorder.instrumented = instrumented
        return instrumented.tree

    # -- statements

    def _run_body(self, body: List[ast.stmt]) -> None:
        for statement in body:
            if slicing.is_main_guard(statement):
                self._run_body(statement.body)  # type: ignore[attr-defined]  # is_main_guard says it is an If
            elif isinstance(statement, ast.With):
                self._run_with(statement)
            else:
                self._run_statement(statement)

    def _run_with(self, statement: ast.With) -> None:
        """A `with` is entered once, then its statements count one by one."""
        with ExitStack() as stack:
            for item in statement.items:
                context = ast.Assign([ast.Name(HOLDER, ast.Store())], item.context_expr)
                ast.copy_location(context, item.context_expr)
                ast.copy_location(context.targets[0], item.context_expr)
                if not self._run_statement(context):
                    reason = self.holes[-1].reason
                    self._bind_unknown(item.optional_vars, reason)
                    continue
                try:
                    value = stack.enter_context(self.module.__dict__.pop(HOLDER))
                except Exception as error:  # noqa: BLE001 - what a user's context manager does
                    self._failed(statement, error, certain=False)
                    continue
                if isinstance(item.optional_vars, ast.Name):
                    self.module.__dict__[item.optional_vars.id] = value
            self._run_body(statement.body)

    def _bind_unknown(self, target: Optional[ast.expr], reason: str) -> None:
        if isinstance(target, ast.Name):
            self.module.__dict__[target.id] = Hole(reason, text=target.id)

    def _run_statement(self, statement: ast.stmt) -> bool:
        """Run one statement; whether it ran to its end."""
        harmless = harmless_names(statement)
        if harmless:
            self.module.__dict__.update(harmless)
            return True
        touches, ANSWERS.asked_here = Touches.count, {}
        if self._left() <= 0 and not isinstance(statement, _DEFINITIONS):
            self._failed(statement, StatementDeadline(), certain=False, reason=_NO_TIME)
            return False
        try:
            code = compile(ast.Module([statement], []), self.request.path, "exec", dont_inherit=True)
        except SyntaxError as error:  # such as `await` in a notebook, `return` outside of a function
            reason = f"cannot be run here: {error.msg}"
            self._failed(statement, error, certain=False, reason=reason)
            return False
        try:
            with _deadline(self._seconds_for(statement), self._left()):
                exec(code, self.module.__dict__)  # noqa: S102 - replaying the user's text is what the worker is for
        except (KeyboardInterrupt, MemoryError, Exception) as error:  # noqa: BLE001 - anything the text may raise
            self._failed(statement, error, certain=Touches.count == touches)
            return False
        except SystemExit as error:
            self._failed(statement, error, certain=False, reason="calls `sys.exit()`")
            return False
        except StatementDeadline as error:
            seconds = self._seconds_for(statement)
            reason = f"ran longer than {seconds:g} s and was stopped" if self._left() > 0 else _NO_TIME
            self._failed(statement, error, certain=False, reason=reason)
            return False
        if Touches.count != touches:
            self._taint(statement)
            self._note_holes(statement)
        else:
            self.recorder.clear(slicing.bound_names(statement))
        return True

    def _left(self) -> float:
        """Seconds until the program has had its share: what is known is to be told before all are over."""
        return self._begun + _SHARE_OF_PROGRAM * self.request.wall_seconds - time.monotonic()

    def _seconds_for(self, statement: ast.stmt) -> float:
        """An import that is stopped leaves half a package behind, which costs more than to wait for it."""
        more = 2 if isinstance(statement, (ast.Import, ast.ImportFrom)) else 1
        return more * self.request.statement_seconds

    def _failed(self, statement: ast.stmt, error: BaseException, certain: bool, reason: str = "") -> None:
        span = self.source.node(statement)
        missing = missing_module(error) or not_allowed(error)
        if missing:
            certain, reason = False, missing
        elif not reason:
            failure = describe_failure(error, self.source, self.line, self.registry)
            certain = certain and failure.certain and is_about_models(error, failure, self.recorder)
            failure = dataclasses.replace(failure, certain=certain)
            self.failures.append(failure)
            reason = self._unknown_in(statement, failure) or self._raised(statement, failure)
            self.registry.note_half_made(failure.span, reason)
        names = sorted(set(slicing.bound_names(statement)) - {HOLDER})
        compound = isinstance(statement, (ast.For, ast.While, ast.If, ast.Try))
        for name in names:
            # What a compound statement bound on its way is kept: it is nearer the truth than nothing.
            if not compound or name not in self.module.__dict__:
                self.module.__dict__[name] = Hole(reason, text=name)
        self.recorder.taint(names)
        for name in set(slicing.changed_names(statement)):
            adapting.lose_track(self.module.__dict__.get(name))
        if not certain:
            self._taint(statement)
        self.holes.append(HoleReport(tuple(names), span, reason))

    def _raised(self, statement: ast.stmt, failure: ReplayFailure) -> str:
        message = failure.message if failure.certain else ANSWERS.spelled(failure.message)
        said = f": {message[:MAX_SAID]}" if message else ""
        return f"{self.source.spot(failure.span or self.source.node(statement))} raised {failure.type}{said}"

    def _unknown_in(self, statement: ast.stmt, failure: ReplayFailure) -> str:
        """What is not known of what a statement was given: what it raises then is nobody's business."""
        if failure.certain:
            return ""
        for name in slicing.loaded_names(statement):
            hole = hole_in(self.module.__dict__.get(name))
            if hole is not None and not is_harmless(hole):
                reason = reason_of(hole)
                return reason if _NOT_KNOWN in reason else f"`{name}`{_NOT_KNOWN}{reason}"
        if UNKNOWN in failure.message:
            spot = self.source.spot(failure.span or self.source.node(statement))
            return f"{spot} is given something that is not known: {Touches.reason}"
        return ""

    def _taint(self, statement: ast.stmt) -> None:
        """What a statement made from holes is uncertain, and so is each model it had a hand on."""
        space = self.module.__dict__
        bound = set(slicing.bound_names(statement))
        loaded = slicing.loaded_names(statement)
        self.recorder.taint(bound)
        changed = slicing.changed_names(statement)
        self.recorder.taint(name for name in changed if not isinstance(space.get(name), types.ModuleType))
        self.recorder.taint(name for name in loaded if self.line.is_layer(space.get(name)))

    def _note_holes(self, statement: ast.stmt) -> None:
        space = self.module.__dict__
        for name in sorted(set(slicing.bound_names(statement)) - {HOLDER}):
            if type(space.get(name)) is Hole and len(self.holes) < MAX_HOLES:
                self.holes.append(HoleReport((name,), self.source.node(statement), reason_of(space[name])))

    # -- after the program

    def _note_cut_loops(self) -> None:
        instrumented, loops = self.recorder.instrumented, self.recorder.loops
        if instrumented is None:
            return
        spans = [(instrumented.place_of(index), why) for index, why in loops.cut.items()]
        spans += [(instrumented.spans[index], why) for index, why in loops.cut_whiles.items()]
        self.holes += [HoleReport((), span, f"the loop {why}") for span, why in spans if span is not None]

    def _note_end(self) -> None:
        for seen in self.registry.seen:
            seen.note_end(self.line)

    def _project(self, text: str) -> None:
        projector = Projector(self.request, self.line, self.registry, self.recorder, self.holes)
        all_left = self._begun + _SHARE_OF_ALL * self.request.wall_seconds - time.monotonic()
        try:
            with _deadline(self.request.statement_seconds, all_left):
                projector.run(ast.parse(text), self.module.__dict__, self.events, self.source)
        except StatementDeadline:
            whole: SpanPair = (0, 0)
            self.holes.append(HoleReport((), whole, "working out unbuilt models took too long"))


def _workspace_modules(roots: Any) -> Any:
    found: Dict[str, bool] = {}

    def in_workspace(name: str) -> bool:
        if name and name not in found:
            found[name] = any(
                os.path.isfile(os.path.join(root, name + ".py")) or os.path.isdir(os.path.join(root, name))
                for root in roots
            )
        return found.get(name, False)

    return in_workspace


@contextmanager
def _deadline(seconds: float, left: float) -> Iterator[None]:
    """Raise StatementDeadline in the body after `seconds` of processor time, or of waiting thrice as long.

    Not later than when the `left` seconds are over, of which there is always a moment.

    Where there are no timers, do nothing.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    armed = True

    def expire(*_: Any) -> None:
        if armed:
            raise StatementDeadline

    timers = (
        (signal.ITIMER_PROF, signal.SIGPROF, seconds),
        (signal.ITIMER_REAL, signal.SIGALRM, min(3 * seconds, max(left, _A_MOMENT))),
    )
    before = [signal.signal(number, expire) for _, number, _ in timers]
    for timer, _, limit in timers:
        signal.setitimer(timer, limit, 0.5)
    # One may expire while they are ended: it must not keep the other one going, nor raise behind them.
    try:
        try:
            yield
        finally:
            armed = False
    finally:
        for (timer, number, _), handler in zip(timers, before):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)
