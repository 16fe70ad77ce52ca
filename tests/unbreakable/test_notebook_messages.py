"""Cells that come, go, move and change in any order: answers are those of a notebook that was just opened."""

from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.protocol.client import PATIENCE, Message
from tests.protocol.notebook import CODE, MARKUP, Notebook
from tests.unbreakable.any_text import CHANGES, PLACES, TEXTS, edited
from tests.unbreakable.length import tries
from tests.unbreakable.shared_server import SharedServer, count_responses

if TYPE_CHECKING:
    from collections.abc import Iterator

# Each needs some of the others, before it.
CLASS = "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n        "
SENSIBLE = [
    "import keras\nfrom keras import layers\n",
    f"{CLASS}self.d = layers.Dense(3)\n",
    f"{CLASS}self.c = layers.Conv2D(2, 3)",
    "net = Net()\nnet(keras.Input((3,)))",
    "net.layers[0].kernel\r\nnet.layers[-1]",
    "%pip install x\nnet.d.bias\n",
]
KINDS = [(CODE, "python")] * 6 + [(MARKUP, "markdown"), (CODE, "sql")]
CELLS = st.tuples(st.sampled_from(KINDS), st.sampled_from(SENSIBLE) | TEXTS).map(
    lambda one: (*one[0], one[1])
)
NUMBERS = st.integers(0, 7)
OF_A_CELL = ["documentSymbol", "codeLens", "foldingRange"]
AT_A_PLACE = ["hover", "completion", "definition", "signatureHelp"]
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 2**31 - 1, "character": 0}}
WRONG = ["vscode-notebook-cell:/elsewhere.ipynb#W0", "", "[:"]


class AnyNotebook(RuleBasedStateMachine):
    """Its notebook is its own, so that no example sees what another one did."""

    server: ClassVar[SharedServer]
    examples: ClassVar[Iterator[int]] = itertools.count()

    @initialize(cells=st.lists(CELLS, max_size=4))
    def begin(self, cells: list[tuple[int, str, str]]) -> None:
        self.asked: list[int] = []
        self.uri = f"file:///nowhere/n%C3%B6{next(self.examples)}.ipynb"
        self.notebook = Notebook(self.server.client, self.uri, *cells)

    def cell(self, number: int) -> str | None:
        order = self.notebook.order
        return order[number % len(order)] if order else None

    @rule(number=NUMBERS, changes=CHANGES)
    def edit(self, number: int, changes: list[Message]) -> None:
        """Also at places that are outside of the cell."""
        uri = self.cell(number)
        if uri is not None:
            self.notebook.change(uri, *changes)
            for change in changes:
                self.notebook.texts[uri] = edited(self.notebook.texts[uri], change)

    @rule(start=NUMBERS, count=st.integers(0, 3), cells=st.lists(CELLS, max_size=3))
    def put_in_and_take_away(self, start: int, count: int, cells: list[tuple[int, str, str]]) -> None:
        order = self.notebook.order
        start %= len(order) + 1
        self.notebook.replace(start, min(count, len(order) - start), *cells)

    @rule(number=NUMBERS, to=NUMBERS)
    def move(self, number: int, to: int) -> None:
        order = self.notebook.order
        if order:
            self.notebook.move(number % len(order), to % len(order))

    @rule(cells=st.lists(CELLS, max_size=3))
    def open_again(self, cells: list[tuple[int, str, str]]) -> None:
        """Without having closed it."""
        self.notebook = Notebook(self.server.client, self.uri, *cells)

    @rule(uri=st.sampled_from(WRONG), changes=CHANGES)
    def change_what_is_no_cell(self, uri: str, changes: list[Message]) -> None:
        self.notebook.change(uri, *changes)

    @rule(number=NUMBERS, cells=st.lists(CELLS, max_size=1))
    def run(self, number: int, cells: list[tuple[int, str, str]]) -> None:
        """What a cell's run changes is told of it as data; and nothing, or of no cell."""
        uri = self.cell(number)
        told = [] if uri is None else [{"kind": self.notebook.kinds[uri][0], "document": uri}]
        told += [{"kind": kind, "document": WRONG[0]} for kind, *_ in cells]
        self.notebook.tell({"data": told} if told else {})

    @rule(method=st.sampled_from(AT_A_PLACE), number=NUMBERS, place=PLACES)
    def ask_at_a_place(self, method: str, number: int, place: Message) -> None:
        where = {"textDocument": {"uri": self.cell(number) or self.uri}, "position": place}
        self.asked.append(self.server.client.ask(f"textDocument/{method}", where))

    @rule(number=NUMBERS, place=PLACES)
    def read_anew(self, number: int, place: Message) -> None:
        ours = self.notebook
        cells = [(*ours.kinds[uri], ours.texts[uri]) for uri in ours.order]
        anew = Notebook(self.server.client, self.uri.replace("nowhere", "elsewhere"), *cells)
        give_up = time.monotonic() + PATIENCE
        while (told := self.answers(ours, number, place)) != (wanted := self.answers(anew, number, place)):
            assert time.monotonic() < give_up, (told, wanted)
            self.server.wait(0.01)  # a look into other files may still be under way
        anew.close()

    def answers(self, notebook: Notebook, number: int, place: Message) -> list[Any]:
        asked: list[tuple[str, Any]] = []
        for uri in notebook.order:
            cell = {"textDocument": {"uri": uri}}
            asked += [(name, cell) for name in OF_A_CELL]
            asked += [("inlayHint", cell | {"range": WHOLE})]
            asked += [("hover", cell | {"position": place})]
        if notebook.order:
            cell = {"textDocument": {"uri": notebook[number % len(notebook.order)]}}
            asked += [(name, cell | {"position": place}) for name in AT_A_PLACE]
        told = json.dumps([self.server.request(f"textDocument/{name}", params) for name, params in asked])
        for uri in (*notebook.order, notebook.uri):
            name = f"CELL {notebook.order.index(uri)}" if uri in notebook.order else "NOTEBOOK"
            told = told.replace(json.dumps(uri), f'"{name}"')
        return json.loads(told)  # type: ignore[no-any-return]  # JSON

    def teardown(self) -> None:
        if not hasattr(self, "notebook"):
            return
        self.notebook.close()
        self.server.wait_for_answers(self.asked)
        said = self.server.taken()
        answered = count_responses(said)
        assert {request: answered[request] for request in self.asked if answered[request] != 1} == {}
        for message in said:
            assert "error" not in message, message
            assert message.get("method") != "window/showMessage", message
        stderr = self.server.client.stderr
        assert "Traceback" not in stderr, stderr


@pytest.fixture(scope="module")
def server() -> Iterator[SharedServer]:
    with SharedServer() as started:
        yield started
        assert started.run(started.client.shutdown()) == 0


def test_any_notebook(server: SharedServer) -> None:
    AnyNotebook.server = server
    run_state_machine_as_test(AnyNotebook, settings=tries(short=60, long=3000, steps=30))
