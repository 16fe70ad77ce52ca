"""Exceptions of the user's program as plain data: the useful sentence, the user's innermost place."""

from __future__ import annotations

import os
import re
import types
import warnings
from typing import TYPE_CHECKING, Any, List, Optional

from ..confine.policy import refusal
from ..lines.symbolic import is_library
from ..report import ReplayFailure, ReplayWarning
from .places import SourceMap, frames_of

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from .observe import Registry
    from .record import Recorder

ANSI = re.compile(r"\x1b\[[0-9;]*m")
MAX_MESSAGE = 1000
ABOUT = "_keras_lsp_about"  # attribute of an exception: what of the data it is about
MAX_SAID = 100  # characters of a message in a reason

# Only the replay's own technique can cause these; a real run does not meet them.
OWN_DOING = re.compile(
    r"stateless scope|FailedPrecondition|not (?:been )?initialized|uninitialized|not allowed in a replay",
    re.IGNORECASE,
)


class StatementDeadline(BaseException):
    """One statement ran too long. Not an Exception: `except Exception` in user code lets it through."""


def describe_failure(
    error: BaseException, source: SourceMap, line: KerasLine, registry: Registry
) -> ReplayFailure:
    chain = source.chain(error.__traceback__)
    message = useful_sentence(error)
    return ReplayFailure(
        type=type(error).__name__,
        message=message,
        span=chain[-1] if chain else syntax_place(error, source),
        chain=tuple(chain[:-1]),
        certain=OWN_DOING.search(str(error)) is None,
        layer=_raising_layer(error, line, registry),
        about=getattr(error, ABOUT, ""),
    )


_STRATEGIES = "tensorflow.python.distribute."


def is_about_models(error: BaseException, failure: ReplayFailure, recorder: Recorder) -> bool:
    """Whether a failure can be trusted to be the program's own: Keras raised it, or it met a model's parts.

    Files, packages and networks differ between a replay and a real run, and code that looks at data does too.
    """
    if _keras_lacks_it(error) or _is_wrong_construction(error, failure, recorder):
        return True
    if isinstance(error, (OSError, ImportError, MemoryError, NameError)):
        return False
    modules = [entry.tb_frame.f_globals.get("__name__") for entry in frames_of(error.__traceback__)]
    if any(isinstance(name, str) and name.startswith(_STRATEGIES) for name in modules):
        return False  # what a strategy does with several devices, a replay on shapes does not do
    if failure.span is not None and recorder.seen_model(failure.span):
        return True
    if failure.message.startswith(("TrackedDict.", "TrackedList.", "TrackedSet.")):  # Keras's own containers
        return True
    return any(map(_is_keras, modules))


def _keras_lacks_it(error: BaseException) -> bool:
    """Whether it asks for a name that this Keras has not: `keras.layers.Dens`, `metric.reset_states()`."""
    if isinstance(error, ImportError):
        return not isinstance(error, ModuleNotFoundError) and _is_keras(f"{error.name}.")
    owner = getattr(error, "obj", None)  # of an AttributeError, from Python 3.10 on
    if isinstance(owner, types.ModuleType):
        return _is_keras(f"{owner.__name__}.")
    # Nothing but their own code gives these attributes, in a replay as in a real run.
    bases = {base.__name__ for base in type(owner).__mro__ if _is_keras(f"{base.__module__}.")}
    return is_library(type(owner)) and not bases.isdisjoint(("Metric", "Optimizer", "Loss"))


def _is_wrong_construction(error: BaseException, failure: ReplayFailure, recorder: Recorder) -> bool:
    """Whether a layer's constructor was given arguments it does not take. Python names it from 3.10 on."""
    named = re.match(r"(?:\w+\.)*(\w+)\.__init__\(\) (?:missing|got|takes) ", failure.message)
    if named is None or not isinstance(error, TypeError):
        return False
    # The object is made, and so seen, before its constructor is called.
    return any(type(seen.layer).__name__ == named.group(1) for seen in recorder.registry.seen)


def _is_keras(module: object) -> bool:
    return isinstance(module, str) and module.startswith(("keras.", "tf_keras."))


def syntax_place(error: BaseException, source: SourceMap) -> Any:
    if isinstance(error, SyntaxError) and error.filename == source.path and error.lineno:
        start = source.offset(error.lineno, 0)
        return start, start
    return None


def brief(error: BaseException) -> str:
    """An exception in a reason: its type and the beginning of what it says."""
    refused = not_allowed(error)
    if refused:
        return refused
    return f"{type(error).__name__}: {useful_sentence(error)[:MAX_SAID]}"


def not_allowed(error: BaseException) -> str:
    """Why the sandbox did not let a file be read; "" for any other exception."""
    try:
        return refusal(error, os.getcwd())
    except (OSError, ValueError):
        return ""


def missing_module(error: BaseException) -> str:
    """Why an import failed, where a module is not installed; "" for any other exception."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"`{error.name}` is not installed in this environment"
    return ""


def useful_sentence(error: BaseException) -> str:
    """The core of a message: Keras wraps it in what it was doing and the arguments it had."""
    try:
        message = ANSI.sub("", str(error))
    except Exception:  # noqa: BLE001 - a user's exception class may have a broken __str__
        message = ""
    core: List[str] = re.findall(r"Error encountered:\s*(.*)", message, re.DOTALL)
    message = core[-1] if core else message
    message = re.split(r"\n\s*(?:Arguments received|Call arguments received)", message)[0]
    loading = re.search(
        r"Example error message for object [^\n]*\n+(.*?)\n+List of objects", message, re.DOTALL
    )
    message = loading.group(1) if loading else message
    wrapped = re.match(r"Exception encountered when calling [^\n]*\n+(.*)", message, re.DOTALL)
    message = wrapped.group(1) if wrapped else message
    if message.startswith("in user code:"):  # AutoGraph lists its frames before the message itself
        raised: List[str] = re.findall(r"^\s*\w+(?:Error|Exception): (.*)", message, re.MULTILINE | re.DOTALL)
        message = raised[-1] if raised else message
    return " ".join(message.split())[:MAX_MESSAGE]


def _raising_layer(error: BaseException, line: KerasLine, registry: Registry) -> Optional[int]:
    """The layer whose own code raised: the `self` of the innermost frame that has one."""
    found = None
    for entry in frames_of(error.__traceback__):
        owner = entry.tb_frame.f_locals.get("self")
        if owner is not None and line.is_layer(owner):
            found = registry.number(owner)
    return found


class WarningLog:
    """Warnings the program gives, with the place in the text that was running."""

    def __init__(self, source: SourceMap) -> None:
        self.source = source
        self.warnings: List[ReplayWarning] = []

    def install(self) -> None:
        import sys

        log = self

        def showwarning(message: Any, category: Any, *_args: Any, **_kwargs: Any) -> None:
            span = log.source.caller(sys._getframe(1))
            entry = ReplayWarning(category.__name__, " ".join(str(message).split())[:MAX_MESSAGE], span)
            if len(log.warnings) < 100 and entry not in log.warnings:
                log.warnings.append(entry)

        warnings.simplefilter("always")
        warnings.showwarning = showwarning  # the documented way to redirect warnings
