"""What Keras says of names, arguments and strings, and signatures while a call is written."""

from __future__ import annotations

import pytest

from keras_lsp.features.hover import hover
from keras_lsp.features.signature_help import signature_help
from tests.unit.features.test_keras_completion import HELD, IMPORTS
from tests.unit.features.views import KEY, cursor, static


def shown(marked: str, line: int = 3, imports: str = IMPORTS) -> tuple[str, str] | None:
    """The text a hover is about, and what it says."""
    text, offset = cursor(imports + marked)
    found = hover(static(text, line), KEY, offset)
    return (found.span.of(text), found.markdown) if found else None


def helped(marked: str, imports: str = IMPORTS) -> tuple[str, str] | None:
    """The label without what is behind the name, and the parameter the cursor is at."""
    text, offset = cursor(imports + marked)
    found = signature_help(static(text), KEY, offset)
    if found is None:
        return None
    active = found.parameters[found.active] if found.active is not None else None
    return found.label.partition("(")[0], found.label[active.start : active.end] if active else ""


@pytest.mark.parametrize(
    ("marked", "about", "says"),
    [
        ("x = keras.ops.soft‸max(y)", "softmax", "softmax(x, axis=-1)"),
        ("x = tf.keras.optimizers.Ad‸am", "Adam", "Optimizer that implements the Adam algorithm."),
        ("tf.keras.lay‸ers.Dense", "layers", "module keras.layers"),
        (
            "tf.keras.preprocessing.text.Token‸izer()",
            "Tokenizer",
            "Deprecated. Only `tf.keras` has it: Keras 3 itself has it no more.",
        ),
        ("Dense(un‸its=3)", "units", "Positive integer, dimensionality of the output space."),
        ("Dense(3, na‸me='x')", "name", "(Dense) name=None"),
        ("Dense(6‸4)", "64", "(Dense) units"),
        ("Dense(‸64)", "64", "(Dense) units"),
        ("C(3, (5, 5‸), padding='same')", "5", "(Conv2D) kernel_size"),
        ("C(3, kernel_size=‸7)", "7", "(Conv2D) kernel_size"),
        ("Dense(wi‸dth)", "width", "(Dense) units"),
        ("Dense(2 * (wi‸dth + 1))", "width", "(Dense) units"),
        ("tf.keras.layers.GRU(8, return_sequences=Tr‸ue)", "True", "(GRU) return_sequences"),
        ("Dense(8, No‸ne)", "None", "(Dense) activation"),
        ("tf.keras.optimizers.Adam(1e-‸3)", "1e-3", "(Adam) learning_rate"),
        ("tf.keras.layers.Dropout(.‸5)", ".5", "(Dropout) rate"),
        ("Dense(3, activation='re‸lu')", "relu", "rectified linear unit"),
        ("C(3, 3, padding='sa‸me')", "same", "(Conv2D) padding='valid'"),
        ("m = keras.Sequential()\nm.f‸it(x)", "fit", "Trains the model"),
        ("Dense(3, act‸ivation=", "activation", "Activation function to use."),
        ("class M(keras.Model):\n  def f(self):\n    super().com‸pile()", "compile", "Configures the model"),
        ("class M(keras.Model):\n  def f(self):\n    super(M, self).f‸it(x)", "fit", "Trains the model"),
    ],
)
def test_says_what_keras_says(marked: str, about: str, says: str) -> None:
    found = shown(marked)
    assert found is not None
    assert found[0] == about
    assert says in found[1]


def test_a_layer_s_own_card_comes_before_what_keras_says() -> None:
    found = shown("d = layers.De‸nse(3)")
    assert found is not None
    card, documentation = found[1].split("\n\n---\n\n")
    assert card.startswith("**Dense**")
    assert documentation.startswith("```python\nDense(")
    assert documentation.endswith("Weights: `kernel`, `bias`")


@pytest.mark.parametrize(
    "marked",
    [
        "np.su‸m(x)",
        "np.sum(x, ax‸is=1)",
        "foo(un‸its=3)",
        "foo(‸3)",
        "foo(Tr‸ue)",
        "Dense(3 i‸f x else 4)",
        "Dense([wi‸dth])",
        "x = ‸3",
        "Dense(sizes[‸0])",
        "Dense(f(wi‸dth))",
        "Dense(f(‸3))",
        "keras.Input({‸3: 4})",
        "Dense(3, activation='no‸thing')",
        "x = 're‸lu'",
        "# keras.la‸yers",
        "un‸its = 3",
        "def f(layers):\n    layers.De‸nse",
        "Dense(f(un‸its=3))",
        "class M(keras.Model):\n  def f(self):\n    x.super().com‸pile()",
    ],
)
def test_quiet_where_keras_is_not_meant(marked: str) -> None:
    assert shown(marked) is None


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("Dense(‸", ("Dense", "units")),
        ("Dense(3, ‸)", ("Dense", "activation=None")),
        ("Dense(3, use_bias=‸True)", ("Dense", "use_bias=True")),
        ("Dense(3, name='‸')", ("Dense", "**kwargs")),
        ("Dense(f(3), ‸)", ("Dense", "activation=None")),
        ("C(8, (3, ‸", ("Conv2D", "kernel_size")),
        ("keras.Model(‸", ("Model", "inputs")),
        ("keras.ops.add(x, ‸", ("add", "x2")),
        ("keras.ops.add(x, y, ‸", ("add", "")),
        ("m = keras.Sequential()\nm.compile(loss='‸'", ("compile", "loss=None")),
        ("Dense(\n    3,\n    activation='relu', ‸", ("Dense", "**kwargs")),
        ("np.sum(‸", None),
        ("foo(‸", None),
        ("Dense(f(‸)", None),
        ("def Dense(‸", None),
        ("Dense(3) ‸", None),
        ("# Dense(‸", None),
        ("layers(‸", None),
    ],
)
def test_signature(marked: str, expected: tuple[str, str] | None) -> None:
    assert helped(marked) == expected


def test_nothing_without_keras() -> None:
    assert helped("Dense(‸", imports="") is None
    assert shown("Dense(un‸its=3)", imports="") is None


@pytest.mark.parametrize(
    ("typed", "about", "says"),
    [
        ("opti‸mizer.minimize", "optimizer", "Optimizer that implements the Adam algorithm."),
        ("optimizer.apply_gra‸dients(x)", "apply_gradients", "apply_gradients(grads_and_vars)"),
        ("optimizer.lear‸ning_rate", "learning_rate", "keras.Optimizer.learning_rate"),
        ("self.seen.update_st‸ate(3)", "update_state", "Accumulate statistics for the metric."),
    ],
)
def test_an_object_of_keras(typed: str, about: str, says: str) -> None:
    found = shown(HELD.format(typed), imports="")
    assert found is not None
    assert found[0] == about
    assert says in found[1]


def test_signatures_of_an_object_of_keras() -> None:
    assert helped(HELD.format("optimizer.apply_gradients(‸"), "") == ("apply_gradients", "grads_and_vars")
    assert helped(HELD.format("optimizer(‸"), "") is None
    assert helped(HELD.format("optimizer.learning_rate(‸"), "") is None
