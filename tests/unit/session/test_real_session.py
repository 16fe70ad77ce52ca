"""The session over real workers: what an edit changes, under Keras 3 and tf-keras 2."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.pool import WorkerPool
from keras_lsp.session.session import Session
from keras_lsp.session.settings import Settings
from keras_lsp.session.snapshot import ReplayState
from keras_lsp.text.document import Document
from tests.unit.session.conftest import KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from keras_lsp.session.snapshot import DocumentView


class Editor:
    """Types, and waits until nothing is being built any more."""

    def __init__(self, python: list[str]) -> None:
        self.replays = 0
        self.session = Session(WorkerPool(), Settings(tuple(python), idle_seconds=0.01), self)
        self.session.set_trusted(True)
        self._changed = asyncio.Event()

    def view_changed(self, key: str) -> None:
        del key
        self._changed.set()

    def building(self, key: str, active: bool) -> None:
        del key
        self.replays += active

    async def type(self, text: str) -> DocumentView:
        self.session.change(Document(KEY, None, text, "/w/model.py"))
        while True:
            view = self.session.snapshot().view(KEY)
            assert view is not None
            if view.state is not ReplayState.BUILDING:
                return view
            self._changed.clear()
            await self._changed.wait()


@pytest.fixture
async def editor(keras_python: list[str]) -> AsyncIterator[Editor]:
    editor = Editor(keras_python)
    yield editor
    await editor.session.close_all("the test is over")


def weights(view: DocumentView) -> dict[str, list[tuple[int | None, ...]]]:
    """Shapes of weights by class name, of what a call makes."""
    assert view.current is not None, view.reason
    layers = view.current.report.layers
    return {layer.class_name: [weight.shape for weight in layer.weights] for layer in layers}


async def test_an_edit_changes_the_weights_and_a_comment_does_not_replay(
    editor: Editor, seed: Callable[[str], str]
) -> None:
    text = seed("reading_weights")
    view = await editor.type(text)
    assert weights(view)["Dense"] == [(32, 10), (10,)]
    assert view.environment is not None
    assert (view.environment.confirmed, view.environment.keras_line, view.keras_line) == (True, 3, 3)
    view = await editor.type(text.replace("Dense(10)", "Dense(128)"))
    assert weights(view)["Dense"] == [(32, 128), (128,)]
    view = await editor.type(text.replace("Dense(10)", "Dense(128)  # wider"))
    assert weights(view)["Dense"] == [(32, 128), (128,)]
    assert editor.replays == 2


async def test_what_is_half_typed_leaves_the_rest_exact(editor: Editor, seed: Callable[[str], str]) -> None:
    text = seed("reading_weights").replace(
        "model.build((None, 32))", "model.build((None, 32))\nmodel.layers["
    )
    view = await editor.type(text)
    assert view.facts.problems
    assert weights(view)["Dense"] == [(32, 10), (10,)]


async def test_a_text_that_asks_for_tf_keras_2_gets_it(editor: Editor, seed: Callable[[str], str]) -> None:
    asking = 'import os\n\nos.environ["TF_USE_LEGACY_KERAS"] = "1"\n'
    view = await editor.type(asking + seed("reading_weights"))
    assert view.keras_line == 2
    assert view.current is not None
    assert view.current.report.versions.keras_line == 2
    dense = next(layer for layer in view.current.report.layers if layer.class_name == "Dense")
    assert (dense.built, dense.projected) == (True, False)


async def test_a_loop_without_end_is_a_reason_and_its_repair_a_report(
    editor: Editor, seed: Callable[[str], str]
) -> None:
    text = seed("reading_weights")
    editor.session.set_settings(Settings(editor.session.snapshot().settings.interpreter, replay_seconds=2.0))
    hanging = text.replace("return self.dense(inputs)", "any(iter(int, 1))")
    view = await editor.type(hanging)
    assert view.state is ReplayState.FAILED
    assert "took longer than 2 s" in view.reason
    assert weights(await editor.type(text))["Dense"] == [(32, 10), (10,)]
