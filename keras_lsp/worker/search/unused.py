"""Makes the classes that a program defines and never makes, and calls the builder functions it never calls.

After the program's end, on defaults, on what other calls spell out, and on unknowns for the rest.
"""

from __future__ import annotations

import ast
import time
from typing import TYPE_CHECKING, Any, Dict, List, Union

from ..record.failures import brief
from ..record.record import GUESS, PROJECTION
from ..report import Hole
from .uncalled import arguments, builders

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from ..record.observe import Registry
    from ..record.places import SourceMap
    from ..record.record import Recorder

Definition = Union[ast.ClassDef, ast.FunctionDef]


class UnusedDefinitions:
    """Those of one text, whose namespace is `space`. Why something could not be made goes to `holes`."""

    def __init__(
        self,
        tree: ast.Module,
        space: Dict[str, Any],
        source: SourceMap,
        recorder: Recorder,
        holes: List[Hole],
        registry: Registry,
    ) -> None:
        self.tree = tree
        self.space = space
        self.source = source
        self.recorder = recorder
        self.holes = holes
        self.registry = registry

    def call_builders(self, classes: Any, seconds: float) -> None:
        """`classes` are the names of the text's own; `seconds` of processor time are for all functions."""
        deadline = time.process_time() + seconds
        for function in builders(self.tree, self.space, set(classes)):
            if time.process_time() > deadline:
                return
            if not self.recorder.ran(self.source.node(function)):
                self._use(self.space[function.name], function)

    def make_classes(self, classes: Any, line: KerasLine) -> None:
        made = {type(seen.layer).__name__ for seen in self.registry.seen}
        wanted = set(classes) - made
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef) and node.name in wanted:
                cls = self.space.get(node.name)
                if isinstance(cls, type) and issubclass(cls, line.layer_class):
                    self._use(cls, node)

    def _use(self, function: Any, node: Definition) -> None:
        """Nobody asked for it, so its failure is no finding, but a reason."""
        failure = ""
        for given in arguments(function, node.name, self.tree, self.space):
            self.recorder.stage = GUESS if given.guessed else PROJECTION
            before = len(self.registry.seen)
            try:
                function(**given.values)
            except Exception as error:  # noqa: BLE001 - whatever the user's code raises
                failure = failure or brief(error)
                reason, places = self._reason(node, failure), self.source.chain(error.__traceback__)
                self.registry.note_half_made(places[-1] if places else None, reason)
                for seen in self.registry.seen[before:]:
                    if type(seen.layer) is function:
                        seen.note_half_made(reason)
            else:
                return
            finally:
                self.recorder.stage = PROJECTION
        if failure:
            start = self.source.node(node)[0]
            self.holes.append(Hole((node.name,), (start, start), self._reason(node, failure)))

    def _reason(self, node: Definition, failure: str) -> str:
        what = "making one" if isinstance(node, ast.ClassDef) else "calling it"
        return f"nobody in this file uses `{node.name}`, and {what} raised {failure}"
