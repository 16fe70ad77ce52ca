"""What the body of a module does to its models, in order: compile, freeze, fit."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.rules.guarded import guarded
from keras_lsp.features.rules.tree import tree_of

if TYPE_CHECKING:
    from keras_lsp.features.rules.tree import Tree
    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.worker.report import LayerReport

TRAINING = ("fit", "train_on_batch")
COMPUTING_LOSS = (*TRAINING, "evaluate", "test_on_batch")


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a model's method, in the body of the module, of a model that the replay knows."""

    method: str
    model: LayerReport
    call: ast.Call
    start: int

    def argument(self, position: int, name: str) -> ast.expr | None:
        named = next((k.value for k in self.call.keywords if k.arg == name), None)
        return named or (self.call.args[position] if len(self.call.args) > position else None)

    @property
    def is_plain(self) -> bool:
        """Whether all its arguments are written out."""
        starred = any(isinstance(a, ast.Starred) for a in self.call.args)
        return not starred and all(k.arg is not None for k in self.call.keywords)


def steps(view: DocumentView) -> tuple[Step, ...]:
    """None where some such call cannot be told: then nobody knows the order."""
    replay, tree = view.current, tree_of(view)
    if replay is None or replay.report.truncated:
        return ()
    found = []
    for node in tree.every(ast.Call):
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in ("compile", *COMPUTING_LOSS):
            continue
        model = _model(replay, tree, function.value)
        if model is None or tree.function_of(function) or tree.is_tested(function):
            if function.attr == "compile":
                return ()
            continue
        if isinstance(node, ast.Call) and not guarded(view, tree.span(node)):
            found.append(Step(function.attr, model, node, tree.span(node).start))
    return tuple(sorted(found, key=lambda step: step.start))


def _model(replay: ReplayView, tree: Tree, owner: ast.expr) -> LayerReport | None:
    values = locate.own_values(replay, tree.span(owner))
    ids = {v.layer if v.kind == "layer" else None for v in values}
    return replay.layer(ids.pop()) if len(ids) == 1 else None


def compiled_before(all_steps: tuple[Step, ...], step: Step) -> Step | None:
    found = [
        s for s in all_steps if s.method == "compile" and s.model.id == step.model.id and s.start < step.start
    ]
    return found[-1] if found else None
