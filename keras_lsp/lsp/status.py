"""`kerasLsp/status`: where the replay of a document stands, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from keras_lsp.features.layer_card import sandbox_note
from keras_lsp.session.snapshot import ReplayState

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView

METHOD = "kerasLsp/status"


@dataclass(frozen=True, slots=True)
class Status:
    uri: str
    state: str  # static | building | ready | failed | unavailable
    reason: str  # why there is no current report; "" when there is
    summary: str  # a few words for a status bar

    def params(self) -> dict[str, str]:
        return asdict(self)


def of(view: DocumentView, uri: str) -> Status:
    """`uri`: the document's, or that of a cell in it."""
    return Status(uri, view.state.value, view.reason, _summary(view))


def _summary(view: DocumentView) -> str:
    """The Keras that counts here, as the replay or else the environment tells."""
    if view.state is ReplayState.STATIC:
        return ""
    legacy = view.keras_line == 2
    name = "tf-keras" if legacy else "Keras"
    if view.replay is not None:
        behind = " (of an earlier text)" if view.replay.stale else ""
        return " · ".join((f"{name} {view.replay.report.versions.keras}{behind}", *sandbox_note(view)))
    environment = view.environment
    if environment is None or view.keras_line is None:
        return ""
    version = environment.tf_keras_version if legacy else environment.keras_version
    return f"{name} {version}" if version else ""
