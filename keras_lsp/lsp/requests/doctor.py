"""The command `kerasLsp.doctor`: what `keras-lsp doctor` finds out, in this session, as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.lsp import from_lsp
from keras_lsp.sandbox.examination import STILL

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.session.snapshot import DocumentView


async def report(ls: KerasLanguageServer, uri: str | None) -> str:
    """For a document, open or not; without one for the workspace. No code runs where none may."""
    snapshot = ls.session.snapshot()
    view = snapshot.view_with(uri) if uri else None
    keras = view.facts.keras if view else None
    findings = await ls.session.examine(
        view.document.path if view else from_lsp.path(uri) if uri else None,
        legacy=keras is not None and keras.legacy,
        backend=keras.backend if keras else "",
    )
    lines = [*findings.lines, *_of_session(ls)]
    if view is not None:
        lines.append(("this file", _standing(view)))
    items = "\n".join(f"- **{name}**: {_code(value)}" for name, value in lines)
    parts = ["# keras-lsp doctor", items, findings.verdict]
    return "\n\n".join([*parts, STILL] if findings.problem else parts) + "\n"


def _of_session(ls: KerasLanguageServer) -> list[tuple[str, str]]:
    folders = ", ".join(ls.session.roots) or "none"
    trust = "trusted, so model code is replayed" if ls.session.trusted else "not trusted, so no code is run"
    return [("folders", folders), ("trust", trust), ("positions", ls.client.encoding.value)]


def _standing(view: DocumentView) -> str:
    return f"{view.state.value}, {view.reason}" if view.reason else view.state.value


def _code(value: str) -> str:
    """Kept from Markdown's eyes: paths have underscores, and reasons name things in backticks."""
    fence = "`" * (max((len(run) for run in re.findall("`+", value)), default=0) + 1)
    pad = " " if value.startswith("`") or value.endswith("`") else ""
    return f"{fence}{pad}{value}{pad}{fence}"
