"""The model view in a real browser, on what the real server says of real models."""

from __future__ import annotations

import asyncio
import base64
import struct
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from tests.conftest import FIXTURES
from tests.editors.vscode import model_view
from tests.editors.vscode.model_view import ROOT, WEBVIEW, Payloads, run

Json = dict[str, Any]

MLP = """\
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense1 = layers.Dense(64, activation="relu")
        self.dr‸op = layers.Dropout(0.5)
        self.head = layers.Dense(10)

    def call(self, inputs, training=False):
        x = self.dense1(inputs)
        x = self.drop(x, training=training)
        return self.head(x)


model = Net()
model(keras.Input((32,)))
"""
RAISES = MLP.replace("‸", "") + "model.layers[7]\n"
LARGE = 'import keras\n\nmodel = keras.applications.ResNet152(weights=None)\nmodel.get_layer("conv1_conv")\n'
PICTURES = ROOT / "artifacts" / "model-view"


@pytest.fixture(scope="session")
def page() -> None:
    model_view.install()
    run("esbuild.mjs")


@pytest.fixture(scope="session")
def payloads(keras_python: list[str], tmp_path_factory: pytest.TempPathFactory) -> Payloads:
    transformer = (FIXTURES / "projects" / "transformer.py").read_text(encoding="utf-8")
    files = {
        "mlp.py": MLP,
        "mlp.py edited": MLP.replace("Dense(64", "Dense(128").replace(
            "        self.head", "        self.more = layers.Dense(4)\n        self.head"
        ),
        "raises.py": RAISES,
        "transformer.py": transformer,
        "large.py": LARGE,
    }

    async def both() -> Payloads:
        folder = tmp_path_factory.mktemp("models")
        found = await model_view.answers(files, folder, keras_python, trusted=True)
        text = await model_view.answers({"text.py": MLP}, folder, keras_python, trusted=False)
        found.models |= text.models
        found.places |= text.places
        return found

    return asyncio.run(both())


@pytest.fixture(scope="session")
def seen(page: None, payloads: Payloads, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:  # noqa: ARG001 - built before
    """One browser for all that is asserted below."""
    return model_view.show(_pages(payloads), tmp_path_factory.mktemp("browser"))


def _post(message: Json) -> Json:
    return {"do": "post", "message": message}


def _shot(name: str) -> Json:
    return {"do": "shot", "to": str(PICTURES / f"{name}.png")}


NODE = "[data-key$='{}']"


def _pages(payloads: Payloads) -> list[Json]:
    models, places = payloads.models, payloads.places
    mlp_uri = models["mlp.py"]["answer"]["uri"]
    building = {"uri": mlp_uri, "state": "building", "reason": "", "summary": ""}
    small = [
        _post(models["mlp.py"]),
        {"do": "axe", "as": "axe"},
        {"do": "texts", "on": ".node .title", "as": "classes"},
        {"do": "texts", "on": ".node .subtitle", "as": "names"},
        {"do": "texts", "on": ".edge .shape", "as": "shapes"},
        {"do": "texts", "on": "#sizes", "as": "sizes"},
        _shot("light"),
        # by keyboard
        {"do": "focus", "on": "[role=treeitem][tabindex='0']"},
        {"do": "press", "keys": ["ArrowDown", "ArrowDown"]},
        {"do": "focused", "as": "focused"},
        {"do": "count", "on": "[role=treeitem][tabindex='0']", "as": "stops"},
        {"do": "sent"},
        {"do": "press", "keys": ["Enter"]},
        {"do": "sent", "as": "entered"},
        {"do": "click", "on": NODE.format("head")},
        {"do": "sent", "as": "clicked"},
        {"do": "texts", "on": "#details .weights th", "as": "weights"},
        # the cursor
        _post(places["mlp.py"]),
        {"do": "attributes", "on": ".node[aria-current]", "name": "data-key", "as": "here"},
        # an edit
        {"do": "press", "keys": ["Escape"]},
        {"do": "click", "on": "#zoom-in"},
        {"do": "state", "as": "before"},
        _post({"type": "status", "status": building}),
        {"do": "texts", "on": "#banner", "as": "building"},
        _post(models["mlp.py edited"]),
        {"do": "texts", "on": "#banner", "as": "built"},
        {"do": "state", "as": "after"},
        {"do": "texts", "on": ".edge .shape", "as": "new shapes"},
        {"do": "attributes", "on": ".node.selected", "name": "data-key", "as": "selected"},
    ]
    folding = [
        _post(models["transformer.py"]),
        {"do": "attributes", "on": NODE.format("blocks[0]"), "name": "aria-expanded", "as": "folded"},
        {"do": "click", "on": f"{NODE.format('blocks[0]')} .fold"},
        {"do": "wait", "milliseconds": 200},
        {"do": "attributes", "on": NODE.format("blocks[0]"), "name": "aria-expanded", "as": "unfolded"},
        {"do": "texts", "on": "[data-key*='blocks[0] >'] .title", "as": "inside"},
        {"do": "click", "on": NODE.format("attention")},
        {"do": "axe", "as": "axe"},
        _shot("dark"),
        _post(models["transformer.py"]),
        {"do": "attributes", "on": NODE.format("blocks[0]"), "name": "aria-expanded", "as": "still unfolded"},
        {"do": "type", "text": "/blocks[3] attention"},
        {"do": "press", "keys": ["Backspace"] * 20},
        {"do": "type", "text": "multihead"},
        {"do": "press", "keys": ["Enter", "Enter"]},
        {"do": "wait", "milliseconds": 200},
        {"do": "texts", "on": "#matches", "as": "matches"},
        {"do": "attributes", "on": ".node.selected", "name": "data-key", "as": "found"},
        {"do": "sent"},
        {"do": "click", "on": "#save-svg"},
        {"do": "click", "on": "#save-png"},
        {"do": "wait", "milliseconds": 1500},
        {"do": "sent", "as": "saved"},
    ]
    large = [
        _post(models["large.py"]),
        {"do": "count", "on": ".node", "as": "drawn"},
        {"do": "frames", "as": "frames"},
        {"do": "click", "on": "#tab-table"},
        {"do": "wait", "milliseconds": 200},
        {"do": "count", "on": "tbody tr", "as": "rows"},
        {"do": "click", "on": ".c-parameters button"},
        {"do": "texts", "on": "tbody tr:first-child .class", "as": "largest class"},
        {"do": "texts", "on": "tbody tr:first-child .value", "as": "largest"},
        {"do": "attributes", "on": ".c-parameters", "name": "aria-sort", "as": "sort"},
        {"do": "press", "keys": ["Tab"]},
        {"do": "axe", "as": "axe"},
        _shot("high-contrast-table"),
        {"do": "state", "as": "state"},
    ]
    text = [
        _post(models["text.py"]),
        _post(places["text.py"]),
        {"do": "texts", "on": "#banner", "as": "banner"},
        {"do": "texts", "on": ".node .subtitle", "as": "names"},
        {"do": "count", "on": ".edge", "as": "edges"},
        {"do": "attributes", "on": ".node[aria-current]", "name": "data-key", "as": "here"},
        {"do": "axe", "as": "axe"},
    ]
    raises = [
        _post(models["raises.py"]),
        {"do": "texts", "on": "#banner", "as": "banner"},
        {"do": "sent"},
        {"do": "click", "on": "#banner button"},
        {"do": "sent", "as": "shown"},
        _post({"type": "nothing", "reason": "Open a Python file with a Keras model."}),
        {"do": "texts", "on": "#empty", "as": "empty"},
        {"do": "axe", "as": "axe"},
    ]
    return [
        {"name": "small", "page": {"theme": "light"}, "steps": small},
        {"name": "folding", "page": {"theme": "dark"}, "steps": folding},
        {"name": "large", "page": {"theme": "contrast"}, "steps": large},
        {"name": "text", "page": {"theme": "light"}, "steps": text},
        {"name": "raises", "page": {"theme": "dark", "width": 480}, "steps": raises},
    ]


def test_the_parts_that_need_no_page(page: None) -> None:  # noqa: ARG001 - installed before
    run("esbuild.mjs", "--tests")
    run("--test", *(str(file) for file in sorted((WEBVIEW / "test").glob("*.test.mjs"))))


def test_types(page: None) -> None:  # noqa: ARG001 - installed before
    run(str(WEBVIEW / "node_modules" / "typescript" / "bin" / "tsc"), "--project", "tsconfig.json")


@pytest.mark.parametrize("name", ["small", "folding", "large", "text", "raises"])
def test_every_page_is_accessible_and_keeps_to_itself(seen: dict[str, Json], name: str) -> None:
    assert seen[name]["axe"] == []
    assert seen[name]["wrong"] == []  # errors, and what the policy refused
    assert seen[name]["foreign"] == []


def test_a_model_is_drawn_with_classes_names_parameters_and_shapes(seen: dict[str, Json]) -> None:
    small = seen["small"]
    assert [text.strip() for text in small["classes"]] == ["Dense", "Dropout", "Dense"]
    assert small["names"] == ["dense1 · 2,112", "drop", "head · 650"]
    assert small["shapes"] == ["(None, 32)", "(None, 64)", "(None, 64)", "(None, 10)"]
    assert small["sizes"][0].startswith("3 layers · 2,762 parameters · ")


def test_keyboard_and_mouse_lead_to_the_text(seen: dict[str, Json]) -> None:
    small = seen["small"]
    assert small["focused"].startswith("Dropout drop, output (None, 64)")
    assert small["stops"] == 1
    lines = MLP.replace("‸", "").splitlines()
    for name, expected in (("entered", "layers.Dropout(0.5)"), ("clicked", "layers.Dense(10)")):
        (message,) = small[name]
        assert message["type"] == "reveal"
        start, end = message["range"]["start"], message["range"]["end"]
        assert lines[start["line"]][start["character"] : end["character"]] == expected
    assert small["weights"] == ["kernel", "bias"]


def test_the_cursor_in_the_text_marks_its_layer(seen: dict[str, Json]) -> None:
    assert seen["small"]["here"] == ["model > drop"]
    assert seen["text"]["here"] == ["Net > drop"]


def test_a_replay_changes_shapes_and_nothing_else(seen: dict[str, Json]) -> None:
    small = seen["small"]
    assert small["building"] == ["Following your edit…"]
    assert small["built"] == [""]
    assert small["new shapes"] == ["(None, 32)", "(None, 128)", "(None, 128)", "(None, 10)"]
    assert small["selected"] == ["model > head"]
    (before,), (after,) = small["before"].values(), small["after"].values()
    assert after["viewport"]["scale"] == before["viewport"]["scale"] > 1
    assert after["folds"] == before["folds"]
    assert abs(after["viewport"]["y"] - before["viewport"]["y"]) < 40


def test_blocks_unfold_and_stay_unfolded(seen: dict[str, Json]) -> None:
    folding = seen["folding"]
    assert folding["folded"] == ["false"]
    assert folding["unfolded"] == folding["still unfolded"] == ["true"]
    assert [text.strip() for text in folding["inside"]] == [
        "LayerNormalization",
        "MultiHeadAttention",
        "LayerNormalization",
        "FeedForward",
    ]


def test_search_opens_what_hides_a_match(seen: dict[str, Json]) -> None:
    assert seen["folding"]["matches"] == ["2 of 12"]
    assert seen["folding"]["found"] == ["model > blocks[1] > attention"]


def test_pictures_are_whole_and_stand_alone(seen: dict[str, Json]) -> None:
    saved = {message["kind"]: message["data"] for message in seen["folding"]["saved"]}
    assert "style" not in saved["svg"]
    assert "var(" not in saved["svg"]
    root = ET.fromstring(saved["svg"])  # noqa: S314 - of our own page
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text and text.startswith("blocks[11]")]
    assert "(None, 256, 50257)" in texts
    picture = base64.b64decode(saved["png"])
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", picture[16:24])
    assert height > width > 100


def test_of_a_large_model_only_what_is_in_sight_is_in_the_page(seen: dict[str, Json]) -> None:
    large = seen["large"]
    assert 5 < large["drawn"] < 100
    assert large["rows"] == 517
    assert large["sort"] == ["descending"]
    assert large["largest class"] == ["Conv2D"]
    assert large["largest"][:2] == ["2,359,808", "9 MiB"]
    (state,) = large["state"].values()
    assert state["viewport"]["y"] > 1000  # the pan got somewhere


def test_without_trust_the_text_is_shown_with_the_reason(seen: dict[str, Json]) -> None:
    text = seen["text"]
    (banner,) = text["banner"]
    assert banner.startswith("From the text alone: no shapes. ")
    assert "trust" in banner
    assert text["names"] == ["dense1", "drop", "head"]
    assert text["edges"] == 0


def test_a_program_that_fails_is_shown_up_to_there(seen: dict[str, Json]) -> None:
    raises = seen["raises"]
    line = RAISES.splitlines().index("model.layers[7]")
    (banner,) = raises["banner"]
    assert banner.startswith(f"Failed at line {line + 1}: IndexError")
    (message,) = raises["shown"]
    assert message["range"]["start"]["line"] == line
    assert raises["empty"] == ["Open a Python file with a Keras model."]
