"""`workspace/executeCommand`: what a user can ask for by name."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from cattrs import BaseValidationError
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from keras_lsp.features import actions, rules, summary
from keras_lsp.features.rules import choice, explanation
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.requests import doctor, model
from keras_lsp.lsp.sheet import sheet_of
from keras_lsp.source.pragmas import read_input

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from keras_lsp.lsp.connection import KerasLanguageServer

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Place:
    uri: str
    position: types.Position


async def answer(ls: KerasLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """Raises JsonRpcInvalidParams for an unknown command, and for arguments that are not the command's."""
    command = _COMMANDS.get(params.command)
    if command is None:
        raise JsonRpcInvalidParams(f"there is no command {params.command}")
    return await command(ls, params.arguments or ())


async def _rebuild(ls: KerasLanguageServer, arguments: Sequence[object]) -> None:
    """`uri`: replay the document again, whatever happened before."""
    (uri,) = _texts(arguments, "uri")
    view = ls.session.snapshot().view_with(uri)
    if view is not None:
        ls.session.rebuild(view.document.key)


async def _show_model(ls: KerasLanguageServer, arguments: Sequence[object]) -> Any:
    """`{uri, position?}`, or just `uri`: the same as `kerasLsp/model`."""
    if len(arguments) != 1:
        raise JsonRpcInvalidParams("kerasLsp.showModel takes {uri, position?}")
    (params,) = arguments
    return model.answer(ls, {"uri": params} if isinstance(params, str) else params)


async def _summary(ls: KerasLanguageServer, arguments: Sequence[object]) -> str | None:
    """`{uri, position}`: the model there as plain text; None where there is none."""
    snapshot = ls.session.snapshot()
    asked = _one(arguments, _Place, "kerasLsp.summary takes {uri, position}")
    sheet = sheet_of(snapshot, asked.uri, ls.client.encoding)
    if sheet is None:
        return None
    return summary.summary(snapshot, sheet.document.key, sheet.offset(asked.position))


async def _show_finding(ls: KerasLanguageServer, arguments: Sequence[object]) -> None:
    """`{uri, range}`: the client goes there, where it does as it is told."""
    there = _one(arguments, types.Location, "kerasLsp.showFinding takes {uri, range}")
    if ls.client.shows_documents:
        shown = types.ShowDocumentParams(there.uri, take_focus=True, selection=there.range)
        ls.in_background(_show(ls, shown))


async def _show(ls: KerasLanguageServer, shown: types.ShowDocumentParams) -> None:
    """Not awaited by the answer: the client may wait for that before it looks at ours."""
    try:
        await ls.window_show_document_async(shown)
    except JsonRpcException as error:
        logger.warning("the client does not show %s: %s", shown.uri, error)


async def _set_input_shape(ls: KerasLanguageServer, arguments: Sequence[object]) -> None:
    """`class name, shape`: the input a model is replayed with, such as "(None, 32)"."""
    class_name, shape = _texts(arguments, "class name", "shape")
    said, problem = read_input(shape)
    if problem:
        raise JsonRpcInvalidParams(problem)
    ls.session.set_input_shape(class_name, said)


async def _pin_input(ls: KerasLanguageServer, arguments: Sequence[object]) -> types.WorkspaceEdit:
    """`uri, class name, shape`: the edit that writes that input into the text, for the client to apply."""
    uri, class_name, shape = _texts(arguments, "uri", "class name", "shape")
    snapshot = ls.session.snapshot()
    said, problem = read_input(shape)
    if problem:
        raise JsonRpcInvalidParams(problem)
    view = snapshot.view_with(uri)
    fix = actions.pin(snapshot, view.document.key, class_name, said) if view else None
    if fix is None or view is None:
        raise JsonRpcInvalidParams(f"there is no model class {class_name} in this file")
    return to_lsp.workspace_edit(fix, view.document, ls.client)


async def _restart_worker(ls: KerasLanguageServer, arguments: Sequence[object]) -> None:
    """No arguments: all workers end, and every open document is replayed in a fresh one."""
    _texts(arguments)
    await ls.session.restart_workers()


async def _explain_rule(_ls: KerasLanguageServer, arguments: Sequence[object]) -> str | list[dict[str, str]]:
    """A code or slug: what the rule is about, as Markdown. Nothing: `[{code, slug, why}]` of all rules."""
    if not arguments:
        in_order = sorted(rules.RULES, key=lambda rule: rule.code)
        return [{"code": rule.code, "slug": rule.slug, "why": rule.why} for rule in in_order]
    (name,) = _texts(arguments, "code or slug")
    rule = choice.rule_named(name)
    if rule is None:
        raise JsonRpcInvalidParams(f"there is no rule {name}")
    return explanation.markdown(rule)


async def _doctor(ls: KerasLanguageServer, arguments: Sequence[object]) -> str:
    """`uri`, or nothing for the workspace: what `keras-lsp doctor` says, as Markdown."""
    (uri,) = _texts(arguments, "uri") if arguments else (None,)
    return await doctor.report(ls, uri)


async def _check_workspace(ls: KerasLanguageServer, arguments: Sequence[object]) -> str:
    """No arguments: looks at all files of the folders, publishes what is found in closed ones, sums it up."""
    _texts(arguments)
    return await ls.workspace_check.run()


def _one(arguments: Sequence[object], kind: type[T], takes: str) -> T:
    """The only argument, read; `takes` is said of any other."""
    try:
        (argument,) = arguments
        return get_converter().structure(argument, kind)
    except (BaseValidationError, ValueError, TypeError) as error:
        raise JsonRpcInvalidParams(takes) from error


def _texts(arguments: Sequence[object], *names: str) -> tuple[str, ...]:
    texts = tuple(argument for argument in arguments if isinstance(argument, str))
    if len(texts) != len(names) or len(arguments) != len(names):
        raise JsonRpcInvalidParams(f"the arguments are: {', '.join(names) or 'none'}")
    return texts


_COMMANDS: dict[str, Callable[[KerasLanguageServer, Sequence[object]], Awaitable[Any]]] = {
    "kerasLsp.rebuild": _rebuild,
    "kerasLsp.showModel": _show_model,
    "kerasLsp.summary": _summary,
    "kerasLsp.showFinding": _show_finding,
    "kerasLsp.setInputShape": _set_input_shape,
    "kerasLsp.pinInput": _pin_input,
    "kerasLsp.restartWorker": _restart_worker,
    "kerasLsp.explainRule": _explain_rule,
    "kerasLsp.doctor": _doctor,
    "kerasLsp.checkWorkspace": _check_workspace,
}
