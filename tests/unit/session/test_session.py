"""When a document is replayed and when not, what its state says, and where a report's spans are by then."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.builder import ReplayOutcome
from keras_lsp.sandbox.jail import FULL
from keras_lsp.sandbox.packages import Packages
from keras_lsp.session.project import ModulePlace, ProjectSettings
from keras_lsp.session.session import NO_MODEL_CODE, NOT_TRUSTED, REPLAYING, STARTING, STOPPED
from keras_lsp.session.settings import Settings
from keras_lsp.session.snapshot import ReplayState
from keras_lsp.worker.report import ReplayReport, Versions
from tests.unit.session.conftest import HELLO, KEY, MODEL, document

if TYPE_CHECKING:
    from tests.unit.session.conftest import Bench

WIDER = MODEL.replace("64", "128")


def commented(text: str, lines: int = 1) -> str:
    """The same code with comments and blank lines below its first line."""
    first, rest = text.split("\n", 1)
    return f"{first}  # one\n" + "\n# a comment\n" * lines + rest


class TestTrust:
    async def test_without_trust_nothing_is_started_and_the_reason_is_given(self, untrusted: Bench) -> None:
        untrusted.session.open(document())
        untrusted.edit(WIDER)
        untrusted.session.rebuild(KEY)
        await untrusted.settle()
        view = untrusted.view()
        assert (view.state, view.reason) == (ReplayState.UNAVAILABLE, NOT_TRUSTED)
        assert (untrusted.builders.starts, untrusted.builders.requests) == (0, [])
        assert view.facts.classes
        assert view.environment is not None
        assert (view.environment.keras_version, view.environment.confirmed) == ("3.15.1", False)

    async def test_trust_given_later_replays_what_is_open(self, untrusted: Bench) -> None:
        untrusted.session.open(document())
        untrusted.session.set_trusted(True)
        assert untrusted.view().state is ReplayState.BUILDING
        await untrusted.settle()
        assert untrusted.view().state is ReplayState.READY

    async def test_trust_taken_back_ends_the_workers_and_takes_the_report(self, bench: Bench) -> None:
        bench.session.set_trusted(False)
        view = bench.view()
        assert (view.state, view.reason, view.replay) == (ReplayState.UNAVAILABLE, NOT_TRUSTED, None)
        await bench.session.close_all("done")
        assert bench.builders.closed == ["The folder is no longer trusted.", "done"]


class TestReplay:
    async def test_from_opening_to_a_report(self, untrusted: Bench) -> None:
        untrusted.session.set_trusted(True)
        untrusted.session.open(document())
        view = untrusted.view()
        assert (view.state, view.reason, view.replay) == (ReplayState.BUILDING, STARTING, None)
        await untrusted.settle()
        view = untrusted.view()
        assert (view.state, view.reason) == (ReplayState.READY, "")
        assert view.current is view.replay is not None
        assert view.environment is not None
        assert (view.environment.confirmed, view.environment.tensorflow_version) == (True, "2.21.0")
        assert untrusted.builders.active == [(KEY, True), (KEY, False)]
        assert set(untrusted.builders.changed) == {KEY}

    @pytest.mark.parametrize(
        ("confinement", "sandbox"), [(FULL, ""), (FULL[:-1], "reduced"), (FULL[:6], "none"), ((), "none")]
    )
    async def test_a_sandbox_that_is_not_whole_is_known(
        self, untrusted: Bench, confinement: tuple[str, ...], sandbox: str
    ) -> None:
        untrusted.builders.hello = dataclasses.replace(HELLO, confinement=confinement)
        untrusted.session.set_trusted(True)
        untrusted.session.open(document())
        await untrusted.settle()
        environment = untrusted.view().environment
        assert environment is not None
        assert environment.sandbox == sandbox

    async def test_what_is_asked(self, bench: Bench) -> None:
        (request,) = bench.builders.requests
        assert request.path == "/w/model.py"
        assert (request.module_name, request.package, request.roots) == ("__main__", "", ("/w",))
        assert (request.text, request.classes, request.overlays) == (MODEL, ("Model",), {})

    async def test_a_module_of_a_package_is_replayed_as_one(self, bench: Bench) -> None:
        bench.disk.packages["/w/src/nets/old"] = ModulePlace("nets.old", "/w/src")
        bench.session.open(document(path="/w/src/nets/old/model.py"))
        await bench.settle()
        assert bench.builders.requests[-1].package == "nets.old"
        assert bench.builders.requests[-1].roots == ("/w/src", "/w")

    async def test_an_untitled_document_is_replayed_under_a_path_of_its_own(self, bench: Bench) -> None:
        bench.session.open(dataclasses.replace(document(), key="untitled:Untitled-1", path=None))
        await bench.settle()
        assert bench.view("untitled:Untitled-1").state is ReplayState.READY
        assert bench.builders.requests[-1].path == "/untitled_Untitled_1.py"

    async def test_no_model_code_no_replay(self, bench: Bench) -> None:
        bench.session.open(document("print('hello')\n", "/w/hello.py"))
        await bench.settle()
        view = bench.view("file:///w/hello.py")
        assert (view.state, view.reason, view.replay) == (ReplayState.STATIC, NO_MODEL_CODE, None)
        assert len(bench.builders.requests) == 1

    @pytest.mark.parametrize(
        "text", ["", "\x00", "class (", "\ud800 import keras", "import keras\nclass A(keras."]
    )
    async def test_any_text_has_a_state_and_a_reason(self, bench: Bench, text: str) -> None:
        bench.edit(text)
        await bench.settle()
        view = bench.view()
        assert view.document.text == text
        assert view.state is ReplayState.READY or view.reason


class TestEdits:
    async def test_a_comment_moves_the_report_and_replays_nothing(self, bench: Bench) -> None:
        bench.edit(commented(MODEL, lines=3))
        view = bench.view()
        assert (view.state, view.reason) == (ReplayState.READY, "")
        assert view.current is not None
        assert bench.fact() == "Dense"
        await bench.settle()
        assert len(bench.builders.requests) == 1

    async def test_edits_read_as_one_move_what_lies_between_them(self, bench: Bench) -> None:
        first = bench.view().document
        above = dataclasses.replace(first, version=2, text=commented(MODEL, lines=3))
        both = dataclasses.replace(first, version=3, text=commented(MODEL, lines=3) + "# end\n")
        bench.session.change(both, through=[above])
        assert (bench.view().document, bench.fact()) == (both, "Dense")
        assert bench.view().current is not None

    async def test_code_makes_the_report_stale_until_the_replay_of_the_new_text(self, bench: Bench) -> None:
        bench.edit(commented(MODEL))
        bench.edit(commented(WIDER))
        view = bench.view()
        assert (view.state, view.reason) == (ReplayState.BUILDING, REPLAYING)
        assert view.replay is not None
        assert (view.replay.stale, view.current) == (True, None)
        assert bench.fact() == "Dense"
        await bench.settle()
        assert bench.view().current is not None
        assert [request.text for request in bench.builders.requests] == [MODEL, commented(WIDER)]

    async def test_many_edits_in_a_row_are_one_replay(self, bench: Bench) -> None:
        for units in range(100, 120):
            bench.edit(MODEL.replace("64", str(units)))
        await bench.settle()
        assert [request.text for request in bench.builders.requests[1:]] == [MODEL.replace("64", "119")]

    async def test_an_edit_during_a_replay_stops_it(self, bench: Bench) -> None:
        bench.builders.go_on.clear()
        bench.edit(WIDER)
        await bench.until_asked(2)
        bench.edit(MODEL.replace("64", "256"))
        bench.builders.go_on.set()
        await bench.settle()
        assert bench.builders.cancelled == 1
        assert "256" in bench.builders.requests[-1].text
        assert bench.view().current is not None
        assert bench.builders.active[-2:] == [(KEY, True), (KEY, False)]

    async def test_a_comment_during_a_replay_does_not_stop_it(self, bench: Bench) -> None:
        bench.builders.go_on.clear()
        bench.edit(WIDER)
        await bench.until_asked(2)
        bench.edit(commented(WIDER))
        bench.builders.go_on.set()
        await bench.settle()
        assert (bench.builders.cancelled, len(bench.builders.requests)) == (0, 2)
        assert bench.view().current is not None
        assert bench.fact() == "Dense"

    async def test_code_that_comes_back_needs_no_replay(self, bench: Bench) -> None:
        bench.edit(WIDER)
        bench.edit(MODEL)
        assert bench.view().current is not None
        await bench.settle()
        assert len(bench.builders.requests) == 1

    async def test_what_was_cut_and_is_back_is_where_it_was(self, bench: Bench) -> None:
        bench.edit("1x")
        bench.edit(MODEL)
        assert (bench.view().state, bench.fact()) == (ReplayState.READY, "Dense")
        bench.edit(MODEL.replace("        self.dense = keras.layers.Dense(64)\n", ""))
        bench.edit(MODEL)
        assert bench.fact() == "Dense"
        last = bench.view().document
        gone = dataclasses.replace(last, version=9, text="")
        bench.session.change(dataclasses.replace(last, version=10), through=[gone])  # read as one
        assert bench.fact() == "Dense"
        assert len(bench.builders.requests) == 1

    async def test_code_that_comes_back_with_other_comments_is_where_it_is_now(self, bench: Bench) -> None:
        bench.edit("")
        bench.edit(commented(MODEL, lines=3) + "# end\n")
        assert bench.view().current is not None
        assert bench.fact() == "Dense"
        bench.edit("")
        bench.edit(WIDER)
        assert bench.view().current is None

    async def test_comments_written_in_several_places_at_once_move_what_lies_between(
        self, bench: Bench
    ) -> None:
        text = MODEL.replace("__init__()", "__init__()  # one").replace("(inputs)\n", "(inputs)  # two\n")
        assert text.index("# one") < text.index("Dense") < text.index("# two")
        bench.edit(text)
        assert (bench.view().state, bench.fact()) == (ReplayState.READY, "Dense")
        await bench.settle()
        assert len(bench.builders.requests) == 1

    async def test_other_blanks_in_several_places_at_once_are_replayed(self, bench: Bench) -> None:
        """A formatter: the same code, and nobody can tell where its parts were."""
        text = MODEL.replace("__init__()", "__init__( )").replace("Dense(64)", "Dense( 64 )")
        bench.edit(text)
        view = bench.view()
        assert (view.state, view.current) == (ReplayState.BUILDING, None)
        await bench.settle()
        assert [request.text for request in bench.builders.requests] == [MODEL, text]
        assert (bench.view().state, bench.fact()) == (ReplayState.READY, "Dense")

    async def test_other_blanks_during_a_replay(self, bench: Bench) -> None:
        bench.builders.go_on.clear()
        bench.edit(WIDER)
        await bench.until_asked(2)
        text = WIDER.replace("__init__()", "__init__( )").replace("(inputs)\n", "( inputs )\n")
        bench.edit(text)
        bench.builders.go_on.set()
        await bench.settle()
        assert bench.builders.requests[-1].text == text
        assert (bench.view().state, bench.fact()) == (ReplayState.READY, "Dense")

    async def test_half_a_line_that_is_taken_back_letter_by_letter_replays_nothing(
        self, bench: Bench
    ) -> None:
        bench.edit(f"{MODEL}model.layers[0\n")
        await bench.settle()
        for end in ("model.layers[", "model.la[", "mod["):
            bench.edit(f"{MODEL}{end}\n")
            assert (bench.view().state, bench.fact()) == (ReplayState.READY, "Dense")
        await bench.settle()
        assert len(bench.builders.requests) == 2

    async def test_what_does_not_parse_is_blanked_and_the_rest_replayed(self, bench: Bench) -> None:
        bench.edit(MODEL + "\nmodel = Model(\n")
        await bench.settle()
        sent = bench.builders.requests[-1].text
        compile(sent, "model.py", "exec")
        assert len(sent) == len(MODEL + "\nmodel = Model(\n")
        assert bench.view().facts.problems
        assert bench.fact() == "Dense"

    async def test_an_earlier_snapshot_stays_as_it_was(self, bench: Bench) -> None:
        before = bench.session.snapshot()
        bench.edit(WIDER)
        view = before.view(KEY)
        assert view is not None
        assert (view.document.text, view.state) == (MODEL, ReplayState.READY)
        assert bench.session.snapshot() is bench.session.snapshot()

    async def test_a_closed_document_is_forgotten_even_while_it_is_replayed(self, bench: Bench) -> None:
        bench.builders.go_on.clear()
        bench.edit(WIDER)
        await bench.until_asked(2)
        bench.session.close(KEY)
        bench.session.close(KEY)
        await bench.settle()
        assert bench.session.snapshot().view(KEY) is None
        assert bench.builders.cancelled == 1


class TestFailures:
    @pytest.fixture
    async def failing(self, bench: Bench) -> Bench:
        bench.builders.outcome = ReplayOutcome(reason="The replay crashed.", terminal=True)
        bench.edit(WIDER)
        await bench.settle()
        return bench

    async def test_the_state_says_why_and_the_old_report_stays_stale(self, failing: Bench) -> None:
        view = failing.view()
        assert (view.state, view.reason, view.current) == (ReplayState.FAILED, "The replay crashed.", None)
        assert view.replay is not None

    async def test_the_same_code_is_tried_twice_and_no_more(self, failing: Bench) -> None:
        for comments in range(1, 5):
            failing.edit(commented(WIDER, comments))
            await failing.settle()
        assert len(failing.builders.requests) == 3
        assert failing.view().state is ReplayState.FAILED
        assert failing.view().reason.startswith("The replay crashed. It ended so 2 times")

    async def test_changed_code_is_tried_again(self, failing: Bench) -> None:
        await self.test_the_same_code_is_tried_twice_and_no_more(failing)
        failing.builders.outcome = None
        failing.edit(MODEL.replace("64", "256"))
        await failing.settle()
        assert failing.view().state is ReplayState.READY
        assert len(failing.builders.requests) == 4

    async def test_the_user_may_insist_and_gets_a_fresh_worker(self, failing: Bench) -> None:
        await self.test_the_same_code_is_tried_twice_and_no_more(failing)
        failing.builders.outcome = None
        failing.session.rebuild(KEY)
        assert failing.view().state is ReplayState.BUILDING
        await failing.settle()
        assert failing.view().state is ReplayState.READY
        assert failing.builders.closed == ["A fresh start was asked for."]

    async def test_the_user_may_stop_a_replay(self, bench: Bench) -> None:
        bench.builders.go_on.clear()
        bench.edit(MODEL.replace("64", "65"))
        await asyncio.sleep(0.01)
        asked = len(bench.builders.requests)
        bench.session.stop_replay(KEY)
        await bench.settle()
        assert bench.builders.cancelled == 1
        assert (bench.view().state, bench.view().reason) == (ReplayState.FAILED, STOPPED)
        bench.builders.go_on.set()
        bench.edit(commented(MODEL.replace("64", "65")))
        await bench.settle()
        assert len(bench.builders.requests) == asked  # the same code
        bench.session.rebuild(KEY)
        await bench.settle()
        assert bench.view().state is ReplayState.READY
        bench.session.stop_replay(KEY)  # too late
        assert bench.view().state is ReplayState.READY

    async def test_insisting_on_what_works_keeps_the_worker(self, bench: Bench) -> None:
        bench.session.rebuild(KEY)
        assert bench.view().current is not None, "what is known stays until there is something newer"
        await bench.settle()
        assert (len(bench.builders.requests), bench.builders.closed) == (2, [])

    async def test_no_worker_means_unavailable_with_its_reason(self, untrusted: Bench) -> None:
        untrusted.builders.hello = "No Keras found in /usr/bin/python3."
        untrusted.builders.found = False
        untrusted.session.set_trusted(True)
        untrusted.session.open(document())
        await untrusted.settle()
        view = untrusted.view()
        assert (view.state, view.reason) == (ReplayState.UNAVAILABLE, "No Keras found in /usr/bin/python3.")
        assert (view.environment, view.replay) == (None, None)
        assert view.facts.classes
        untrusted.edit(commented(MODEL))
        assert untrusted.view().state is ReplayState.UNAVAILABLE, "no flicker while it is tried again"

    async def test_a_worker_that_can_be_had_after_all(self, untrusted: Bench) -> None:
        await self.test_no_worker_means_unavailable_with_its_reason(untrusted)
        untrusted.builders.hello, untrusted.builders.found = HELLO, True
        untrusted.edit(WIDER)
        await untrusted.settle()
        assert (untrusted.view().state, untrusted.view().reason) == (ReplayState.READY, "")

    async def test_an_error_of_our_own_is_a_reason_too(self, bench: Bench) -> None:
        bench.builders.error = ValueError("oops")
        bench.edit(WIDER)
        await bench.settle()
        view = bench.view()
        assert (view.state, view.reason) == (
            ReplayState.FAILED,
            "An error inside keras-lsp: ValueError: oops",
        )

    async def test_restarting_replays_everything(self, bench: Bench) -> None:
        bench.session.open(document(path="/w/other.py"))
        await bench.settle()
        await bench.session.restart_workers()
        await bench.settle()
        assert bench.builders.closed == ["A restart was asked for."]
        assert [request.path for request in bench.builders.requests[2:]] == ["/w/model.py", "/w/other.py"]


BLOCKS = "import keras\n\nclass Block(keras.layers.Layer):\n    width = 1\n"
BLOCKS_KEY = "file:///w/nets/blocks.py"


class TestOtherDocuments:
    @pytest.fixture
    async def importing(self, bench: Bench) -> Bench:
        bench.session.open(document(BLOCKS, "/w/nets/blocks.py"))
        bench.edit("from nets.blocks import Block\n" + MODEL)
        bench.session.open(document("import keras\nx = keras.Input((3,))\n", "/w/unrelated.py"))
        await bench.settle()
        bench.builders.requests.clear()
        return bench

    async def test_an_imported_unsaved_document_is_sent_along_and_counts(self, importing: Bench) -> None:
        importing.edit(BLOCKS.replace("1", "2"), BLOCKS_KEY)
        assert importing.view().state is ReplayState.BUILDING
        await importing.settle()
        asked = {request.path: request for request in importing.builders.requests}
        assert asked.keys() == {"/w/nets/blocks.py", "/w/model.py"}
        assert asked["/w/model.py"].overlays["/w/nets/blocks.py"] == BLOCKS.replace("1", "2")

    async def test_a_comment_there_and_a_document_that_is_not_imported_do_not(self, importing: Bench) -> None:
        importing.edit(commented(BLOCKS), BLOCKS_KEY)
        importing.edit("import keras\nx = keras.Input((4,))\n", "file:///w/unrelated.py")
        await importing.settle()
        assert [request.path for request in importing.builders.requests] == ["/w/unrelated.py"]

    async def test_closing_it_means_that_the_disk_counts_again(self, importing: Bench) -> None:
        importing.session.close(BLOCKS_KEY)
        await importing.settle()
        assert [request.path for request in importing.builders.requests] == ["/w/model.py"]

    async def test_files_that_a_replay_read_are_replayed_anew_when_they_change(self, bench: Bench) -> None:
        bench.session.set_roots(("/w",))
        bench.disk.texts |= {"/w/deep/er.py": "", "/elsewhere.py": ""}
        files = ("/w/deep/er.py", "/w/not.there.h5", "/elsewhere.py")
        bench.builders.outcome = ReplayOutcome(ReplayReport(Versions("3.11.7", "3.15.1", 3), files=files))
        bench.edit(MODEL.replace("64", "65"))
        await bench.settle()
        bench.session.look_around()
        await bench.settle()
        asked = len(bench.builders.requests)
        for path, text in (
            ("/w/deep/er.py", "x = 1"),
            ("/w/not.there.h5", "weights"),
            ("/w/keras.py", ""),  # what an import may mean from now on
            ("/elsewhere.py", "x = 1"),  # outside of all folders: nothing to us
            ("/w/unrelated.py", ""),
        ):
            bench.disk.texts[path] = text
            bench.session.look_around()
            await bench.settle()
            asked += path not in ("/elsewhere.py", "/w/unrelated.py")
            assert len(bench.builders.requests) == asked, path
        assert bench.view().current is not None


class TestSurroundings:
    async def test_a_file_of_settings_that_changes_counts_at_once(self, bench: Bench) -> None:
        bench.session.set_roots(("/w",))
        await bench.settle()
        bench.disk.settings = {"/w": ProjectSettings({"Model": "(None, 7)"}, hints=False)}
        bench.session.look_around()
        await bench.settle()
        assert not bench.session.snapshot().settings.hints
        assert bench.builders.requests[-1].input_hints == {"Model": "(None, 7)"}

    async def test_an_input_shape_replays_the_documents_with_that_class(self, bench: Bench) -> None:
        bench.session.open(document(MODEL.replace("Model(k", "Other(k"), "/w/other.py"))
        await bench.settle()
        bench.session.set_input_shape("Model", "(None, 7)")
        await bench.settle()
        assert [request.input_hints for request in bench.builders.requests] == [
            {},
            {},
            {"Model": "(None, 7)"},
        ]

    async def test_whose_word_counts_for_input_shapes(self, bench: Bench) -> None:
        names = ("A", "B", "C")
        text = "import keras\n" + "".join(f"class {name}(keras.Model): ...\n" for name in names)
        bench.disk.settings = {
            "/w": ProjectSettings(dict.fromkeys(names, "root"), hints=False),
            "/w/in": ProjectSettings({"B": "inner", "C": "inner"}),
            "/else": ProjectSettings({"A": "elsewhere"}),
        }
        bench.session.set_roots(("/w/in", "/w", "/else"))
        bench.session.set_settings(Settings(idle_seconds=0.0, input_shapes={"C": "setting"}))
        bench.session.open(document(text, "/w/in/abc.py"))
        await bench.settle()
        assert bench.builders.requests[-1].input_hints == {"A": "root", "B": "inner", "C": "setting"}
        assert not bench.session.snapshot().settings.hints

    async def test_another_interpreter_or_an_upgrade_is_another_replay(self, bench: Bench) -> None:
        bench.session.set_settings(Settings(idle_seconds=0.0, interpreter=("/opt/python",)))
        assert bench.view().current is None
        await bench.settle()
        bench.builders.packages = Packages("3.16.0", "2.22.0")
        bench.session.rebuild(KEY)
        await bench.settle()
        assert len(bench.builders.requests) == 3
        assert bench.view().current is not None

    @pytest.mark.parametrize(("replay", "statement"), [(2.0, 2.0), (10.0, 3.0), (60.0, 18.0)])
    async def test_the_replay_has_the_limits_of_the_settings(
        self, bench: Bench, replay: float, statement: float
    ) -> None:
        settings = Settings(idle_seconds=0.0, replay_seconds=replay, memory_bytes=1 << 20)
        bench.session.set_settings(settings)
        bench.session.rebuild(KEY)
        await bench.settle()
        request = bench.builders.requests[-1]
        assert (request.wall_seconds, request.statement_seconds) == (replay, statement)
        assert request.memory_bytes == 1 << 20


async def test_the_end_waits_for_replays_to_stop(bench: Bench) -> None:
    bench.builders.go_on.clear()
    bench.edit(WIDER)
    await bench.until_asked(2)
    await bench.session.close_all("bye")
    assert (bench.builders.cancelled, bench.builders.closed) == (1, ["bye"])
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
