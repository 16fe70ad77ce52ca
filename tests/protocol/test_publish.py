"""What the server says unasked: only what is new, about the text it is new for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.processes import children
from tests.protocol.client import FULL_CAPABILITIES, PULLING_CAPABILITIES, Client, Message, text_at

if TYPE_CHECKING:
    from tests.protocol.conftest import Clients

URI = "file:///nowhere/model.py"
DIAGNOSTICS = "textDocument/publishDiagnostics"
STATUS = "kerasLsp/status"

GOOD = """import keras
from keras import layers

model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
print(model.layers[1])
"""
BAD = GOOD.replace("layers[1]", "layers[7]")


def about(client: Client, method: str, uri: str = URI) -> list[Message]:
    return [params for params in client.sent(method) if params["uri"] == uri]


async def test_a_mistake_is_published_with_the_version_it_is_about(client: Client) -> None:
    client.open(URI, BAD, version=5)
    (found,) = await client.wait_for_diagnostics(URI)
    assert found["source"] == "keras-lsp"
    assert found["code"].startswith("KL")
    assert "layers[7]" in text_at(BAD, found["range"], client.encoding) + "layers[7]"
    assert "7" in found["message"]
    assert about(client, DIAGNOSTICS)[0]["version"] == 5


async def test_mending_it_takes_the_diagnostic_away(client: Client) -> None:
    client.open(URI, BAD)
    await client.wait_for_diagnostics(URI, bool)
    client.change(URI, 2, GOOD)
    await client.wait_for_diagnostics(URI, lambda found: not found)
    assert about(client, DIAGNOSTICS)[-1]["version"] == 2


async def test_half_a_statement_elsewhere_changes_nothing(client: Client) -> None:
    client.open(URI, BAD)
    await client.wait_for_diagnostics(URI, bool)
    client.change(URI, 2, BAD + "model.layers[")
    await nothing_more(client, 3, BAD)


async def test_what_has_not_changed_is_not_published_again(client: Client) -> None:
    client.open(URI, BAD)
    await client.wait_for_diagnostics(URI, bool)
    client.change(URI, 2, BAD + "# a comment\n")
    await nothing_more(client, 3, BAD + "# a longer comment\n")


async def test_a_document_without_mistakes_gets_no_empty_list(client: Client) -> None:
    client.open(URI, GOOD)
    await client.wait_for_status(URI, "unavailable")
    await nothing_more(client, 2, GOOD + "# a comment\n", published=0)


async def nothing_more(client: Client, version: int, text: str, published: int = 1) -> None:
    """Nothing is published for this text: a mistake made after it is the next word."""
    client.change(URI, version, text)
    other = "file:///nowhere/other.py"
    client.open(other, BAD)
    await client.wait_for_diagnostics(other, bool)
    client.change(URI, version + 1, BAD.replace("7", "8"))
    await client.wait_for_diagnostics(URI, lambda found: any("8" in one["message"] for one in found))
    assert len(about(client, DIAGNOSTICS)) == published + 1


async def test_many_keystrokes_are_published_once(client: Client) -> None:
    client.open(URI, GOOD)
    for version in range(2, 40):
        client.change(URI, version, BAD.replace("7", str(version)))
    await client.wait_for_diagnostics(URI, lambda found: any("39" in one["message"] for one in found))
    assert len(about(client, DIAGNOSTICS)) <= 3  # the machine may be slower than the idle delay


async def test_closing_clears(client: Client) -> None:
    client.open(URI, BAD)
    await client.wait_for_diagnostics(URI, bool)
    client.close(URI)
    assert await client.wait_for_diagnostics(URI, lambda found: not found) == []
    client.open(URI, BAD)
    assert await client.wait_for_diagnostics(URI, bool)


async def test_closing_before_anything_was_published_says_nothing(client: Client) -> None:
    client.open(URI, GOOD)
    client.change(URI, 2, BAD)
    client.close(URI)
    await client.settle()
    assert about(client, DIAGNOSTICS) == []


async def test_several_documents(client: Client) -> None:
    uris = [f"file:///nowhere/model{n}.py" for n in range(4)]
    for n, uri in enumerate(uris):
        client.open(uri, BAD if n % 2 else GOOD, version=n)
    for uri in uris[1::2]:
        await client.wait_for_diagnostics(uri, bool)
    client.close(uris[1])
    await client.wait_for_diagnostics(uris[1], lambda found: not found)
    assert [len(about(client, DIAGNOSTICS, uri)) for uri in uris] == [0, 2, 0, 1]


@pytest.mark.parametrize("options", [None, {}, {"trusted": False}, {"trusted": "yes"}])
async def test_an_untrusted_folder_gets_a_reason_and_static_answers(
    clients: Clients, options: Message | None
) -> None:
    client = await clients.start(options=options)
    client.open(URI, BAD)
    status = await client.wait_for_status(URI, "unavailable")
    assert "trust" in status["reason"].lower()
    assert await client.wait_for_diagnostics(URI, bool)
    assert not client.sent("window/showMessage")


async def test_a_document_without_models_is_static(client: Client) -> None:
    client.open(URI, "print('hello')\n")
    assert (await client.wait_for_status(URI, "static"))["summary"] == ""


async def test_the_status_is_told_once(client: Client) -> None:
    client.open(URI, GOOD)
    await client.wait_for_status(URI, "unavailable")
    client.change(URI, 2, BAD)
    await client.wait_for_diagnostics(URI, bool)
    assert len(about(client, STATUS)) == 1


async def test_trust_can_be_given_and_taken(clients: Clients) -> None:
    """With an interpreter that does not exist the reason is another one; no code runs in either case."""
    client = await clients.start(options={"interpreter": "/no/such/python"})
    client.open(URI, GOOD)
    await client.wait_for_status(URI, "unavailable")
    client.notify("kerasLsp/trust", {"trusted": True})
    await client.wait_for(lambda m: m.get("method") == STATUS and "/no/such/python" in m["params"]["reason"])
    client.notify("kerasLsp/trust", {"trusted": False})
    await client.wait_for(
        lambda m: m.get("method") == STATUS and "trust" in m["params"]["reason"].lower(),
        since=len(client.messages),
    )


@pytest.mark.parametrize("says_no", [{}, {"trusted": False}])
async def test_trust_on_the_command_line_counts_where_the_client_is_silent(
    clients: Clients, says_no: Message
) -> None:
    from tests.protocol.client import SERVE

    client = await clients.start((*SERVE, "--trust"), options={"interpreter": "/no/such/python"} | says_no)
    client.open(URI, GOOD)
    reason = (await client.wait_for_status(URI, "unavailable"))["reason"]
    assert ("/no/such/python" in reason) is not bool(says_no)


async def test_settings_are_pulled_and_pushed(clients: Clients) -> None:
    options = {"trusted": True, "interpreter": "/first/python"}
    client = await clients.start(options=options, settings={"interpreter": "/pulled/python"})
    client.open(URI, GOOD)
    await client.wait_for(lambda m: m.get("method") == STATUS and "/pulled/python" in m["params"]["reason"])
    pushed = {"kerasLsp": {"interpreter": "/pushed/python"}}
    client.notify("workspace/didChangeConfiguration", {"settings": pushed})
    await client.wait_for(lambda m: m.get("method") == STATUS and "/pushed/python" in m["params"]["reason"])
    client.notify("workspace/didChangeConfiguration", {"settings": {"kerasLsp": {"hints": False}}})
    await client.wait_for(lambda m: m.get("method") == STATUS and "/first/python" in m["params"]["reason"])
    client.settings = {"interpreter": "/asked/python"}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    await client.wait_for(lambda m: m.get("method") == STATUS and "/asked/python" in m["params"]["reason"])


async def test_nothing_is_replayed_before_the_editor_has_said_under_which_python(clients: Clients) -> None:
    options = {"trusted": True, "interpretersFollow": True}
    client = await clients.start(options=options, settings=options)
    client.open(URI, GOOD)
    status = await client.wait_for_status(URI, "unavailable")
    assert status["reason"] == "The editor has not said yet which Python is selected."
    place = client.place(URI, GOOD, GOOD.index("Dense("))
    assert "Dense" in str(await client.request("textDocument/hover", place))
    assert children(client.process.pid) == []
    client.settings = {"interpretersFollow": False, "interpreter": "/selected/python"}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    await client.wait_for(lambda m: m.get("method") == STATUS and "/selected/python" in m["params"]["reason"])


async def test_related_places_only_for_clients_that_show_them(clients: Clients) -> None:
    plain = {key: value for key, value in FULL_CAPABILITIES.items() if key != "textDocument"}
    client = await clients.start(capabilities=plain)
    client.open(URI, BAD)
    for found in await client.wait_for_diagnostics(URI, bool):
        assert "relatedInformation" not in found
        assert "data" not in found


class Pulling:
    """A client that asks, as VS Code does: when it opens or changes a document, and when it is told to."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.last: str | None = None

    async def pull(self, uri: str = URI) -> list[Message] | None:
        """The items; None where they are as they were."""
        asked = {"textDocument": {"uri": uri}, "previousResultId": self.last}
        report = await self.client.request("textDocument/diagnostic", asked)
        self.last = report.get("resultId")
        assert report["kind"] in ("full", "unchanged")
        return report["items"] if report["kind"] == "full" else None


async def test_a_client_that_pulls_is_not_told(clients: Clients) -> None:
    client = await clients.start(capabilities=PULLING_CAPABILITIES)
    assert client.capabilities["diagnosticProvider"]["workspaceDiagnostics"] is False
    pulling = Pulling(client)
    client.open(URI, BAD)
    (found,) = await pulling.pull() or []
    assert found["code"] == "KL303"
    assert await pulling.pull() is None
    client.change(URI, 2, BAD + "# a comment\n")
    assert await pulling.pull() is None
    client.change(URI, 3, GOOD)
    assert await pulling.pull() == []
    assert await pulling.pull("file:///nowhere/else.py") == []
    assert not client.sent(DIAGNOSTICS)
    assert not client.sent("workspace/diagnostic/refresh")  # it has asked by itself about all that changed


async def test_who_pulls_is_told_when_a_replay_found_more(clients: Clients, keras_python: list[str]) -> None:
    options = {"trusted": True, "interpreter": keras_python}
    client = await clients.start(capabilities=PULLING_CAPABILITIES, options=options)
    pulling = Pulling(client)
    text = "import keras\n\nnet = keras.Sequential([keras.layers.Dense(2)])\nnet.weights[0]\n"
    text = f"{text}keras.layers.Dense(-1)\n"
    client.open(URI, text)
    before = await pulling.pull() or []
    assert "KL501" not in {one["code"] for one in before}
    await client.wait_for(lambda message: message.get("method") == "workspace/diagnostic/refresh")
    assert "KL501" in {one["code"] for one in await pulling.pull() or []}
    assert not client.sent(DIAGNOSTICS)


@pytest.mark.parametrize("told", [True, False])
async def test_who_cannot_be_told_to_pull_again_is_told_all(clients: Clients, told: bool) -> None:
    capabilities = {
        "textDocument": {"diagnostic": {}},
        "workspace": {"diagnostics": {"refreshSupport": told}},
    }
    client = await clients.start(capabilities=capabilities)
    assert ("diagnosticProvider" in client.capabilities) is told
    client.open(URI, BAD)
    if not told:
        assert await client.wait_for_diagnostics(URI, bool)


async def test_a_replay_can_be_cancelled_where_its_progress_is_shown(
    clients: Clients, keras_python: list[str]
) -> None:
    client = await clients.start(options={"trusted": True, "interpreter": keras_python})
    client.open(URI, GOOD)  # Keras is imported first, which takes seconds
    began = await client.wait_for(lambda m: m.get("params", {}).get("value", {}).get("kind") == "begin")
    assert began["params"]["value"]["cancellable"] is True
    client.notify("window/workDoneProgress/cancel", {"token": began["params"]["token"]})
    assert "stopped" in (await client.wait_for_status(URI, "failed"))["reason"]
    await client.wait_for(lambda m: m.get("params", {}).get("value", {}).get("kind") == "end")
    await client.request("workspace/executeCommand", {"command": "kerasLsp.rebuild", "arguments": [URI]})
    await client.wait_for_status(URI, "ready")


async def test_an_edit_that_is_taken_back_makes_hints_and_lenses_fresh(
    clients: Clients, keras_python: list[str]
) -> None:
    client = await clients.start(options={"trusted": True, "interpreter": keras_python})
    client.open(URI, GOOD)
    await client.wait_for_status(URI, "ready")
    asked = len(client.sent("workspace/codeLens/refresh"))
    client.change(URI, 2, GOOD.replace("Dense(3)", "Dense(33)"))
    await client.wait_for_status(URI, "building")
    client.change(URI, 3, GOOD)  # before that has been replayed
    await client.wait_for_status(URI, "ready")
    await client.wait_for(lambda _: len(client.sent("workspace/codeLens/refresh")) > asked)


async def test_so_does_one_that_is_taken_back_at_once_but_was_asked_about(
    clients: Clients, keras_python: list[str]
) -> None:
    client = await clients.start(options={"trusted": True, "interpreter": keras_python})
    client.open(URI, GOOD)
    await client.wait_for_status(URI, "ready")
    await client.request("textDocument/codeLens", {"textDocument": {"uri": URI}})  # what came with it is here
    asked = len(client.sent("workspace/codeLens/refresh"))
    client.change(URI, 2, GOOD.replace("Dense(3)", "Dense(33)"))
    await client.request("textDocument/codeLens", {"textDocument": {"uri": URI}})
    client.change(URI, 3, GOOD)  # before diagnostics of the other text were due
    await client.wait_for(lambda _: len(client.sent("workspace/codeLens/refresh")) > asked)
