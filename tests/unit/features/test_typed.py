"""What is being typed, read from the text before the cursor alone."""

from __future__ import annotations

import pytest

from keras_lsp.features.typed import LinkKind, Typing, code_mask, typed_at


@pytest.mark.parametrize(
    ("marked", "typing", "root", "replaced"),
    [
        ("model.layers[‸", Typing.LAYER_INDEX, "model", ""),
        ("model.layers[1‸2]", Typing.LAYER_INDEX, "model", "12"),
        ("model.layers[-‸1].weights", Typing.LAYER_INDEX, "model", "-1"),
        ("x = model . layers [ ‸", Typing.LAYER_INDEX, "model", ""),
        ("x = self.‸", Typing.ATTRIBUTE, "self", ""),
        ("x = self.de‸nse1(x)", Typing.ATTRIBUTE, "self", "dense1"),
        ('model.get_layer("‸', Typing.LAYER_NAME, "model", ""),
        ("model.get_layer('‸')", Typing.LAYER_NAME, "model", ""),
        ('model.get_layer("he‸ad").kernel', Typing.LAYER_NAME, "model", "head"),
        ('model.get_layer("he‸).weights["a"]', Typing.LAYER_NAME, "model", "he"),
        ('model.get_layer(name="‸")', Typing.LAYER_NAME, "model", ""),
        ("model.get_layer(‸)", Typing.LAYER_NAME, "model", ""),
        ("self.blocks[‸", Typing.ELEMENT_INDEX, "self", ""),
        ("layers[‸", Typing.ELEMENT_INDEX, "layers", ""),
        ("model.encoder.blocks[1‸2].conv", Typing.ELEMENT_INDEX, "model", "12"),
        ("model.layers[0].weights[‸]", Typing.WEIGHT_INDEX, "model", ""),
        ("model.get_weights()[1‸]", Typing.WEIGHT_INDEX, "model", "1"),
        ('print(f"{model.layers[‸]}")', Typing.LAYER_INDEX, "model", ""),
    ],
)
def test_what_is_typed(marked: str, typing: Typing, root: str, replaced: str) -> None:
    offset = marked.index("‸")
    text = marked.replace("‸", "")
    typed = typed_at(text, offset)
    assert typed is not None
    assert (typed.typing, typed.root, typed.replace.of(text)) == (typing, root, replaced)


@pytest.mark.parametrize(
    "marked",
    [
        '"model.layers[‸"',
        "# model.‸",
        '"""text\nmodel.‸\n"""',
        "3.‸",
        "call(x).‸",
        "x[i + 1].‸",
        "call(x)[‸",
        'print("‸")',
        'f"model.layers[‸]"',
        "‸",
    ],
)
def test_nothing_of_ours_is_typed(marked: str) -> None:
    assert typed_at(marked.replace("‸", ""), marked.index("‸")) is None


def test_the_steps_before_the_cursor() -> None:
    text = 'model.layers[-1].get_layer("a b").blocks[0].weights['
    typed = typed_at(text, len(text))
    assert typed is not None
    assert [(link.kind, link.value) for link in typed.links] == [
        (LinkKind.ATTRIBUTE, "layers"),
        (LinkKind.INDEX, -1),
        (LinkKind.GET_LAYER, "a b"),
        (LinkKind.ATTRIBUTE, "blocks"),
        (LinkKind.INDEX, 0),
    ]


def test_missing_quotes_are_added_once() -> None:
    for text, before, after in (
        ("m.get_layer(", '"', '"'),
        ("m.get_layer('", "", "'"),
        ("m.get_layer('')", "", ""),
    ):
        typed = typed_at(text, text.index("(") + (2 if "'" in text else 1))
        assert typed is not None
        assert (typed.before, typed.after) == (before, after)


def test_mask_keeps_length_and_lines() -> None:
    text = 'a = "return x"  # return y\nb = """one\r\nreturn z\n"""\nreturn w'
    masked = code_mask(text)
    assert len(masked) == len(text)
    assert [i for i, c in enumerate(masked) if c in "\r\n"] == [i for i, c in enumerate(text) if c in "\r\n"]
    assert masked.count("return") == 1
