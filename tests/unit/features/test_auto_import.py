"""Names of Keras that the file has not imported: how they are written, and the import that comes along."""

from __future__ import annotations

import pytest

from keras_lsp.features.completion import complete
from keras_lsp.features.results import TextEdit
from tests.unit.features.views import KEY, applied, cursor, static


def taken(marked: str, label: str) -> str | None:
    """The text once the item is taken; None where it is not offered."""
    text, offset = cursor(marked)
    for item in complete(static(text, 3), KEY, offset):
        if item.label == label:
            return applied(text, (TextEdit(item.replace, item.insert), *item.also))
    return None


@pytest.mark.parametrize(
    ("marked", "label", "result"),
    [
        # in reach already: nothing is imported
        ("import keras\nx = De‸", "Dense", "import keras\nx = keras.layers.Dense"),
        (
            "import tensorflow as tf\nm = tf.keras.Model()\nx = De‸",
            "Dense",
            "import tensorflow as tf\nm = tf.keras.Model()\nx = tf.keras.layers.Dense",
        ),
        (
            "import tensorflow as tf\nx = De‸",  # the first that the file says of Keras
            "Dense",
            "import tensorflow as tf\nx = tf.keras.layers.Dense",
        ),
        (
            "from tensorflow.keras import layers\nx = [De‸]",
            "Dense",
            "from tensorflow.keras import layers\nx = [layers.Dense]",
        ),
        ("import keras\nf(Ear‸)", "EarlyStopping", "import keras\nf(keras.callbacks.EarlyStopping)"),
        ("import keras\nm = Seq‸", "Sequential", "import keras\nm = keras.Sequential"),
        # the statement that imports from there takes one more
        (
            "from keras.layers import Conv2D, Flatten  # all\nx = De‸",
            "Dense",
            "from keras.layers import Conv2D, Flatten, Dense  # all\nx = Dense",
        ),
        (
            "from tensorflow.keras.layers import (\n    Conv2D,\n    Flatten,\n)\nx = De‸\n",
            "Dense",
            "from tensorflow.keras.layers import (\n    Conv2D,\n    Flatten, Dense,\n)\nx = Dense\n",
        ),
        # a statement of its own, as the file calls Keras
        (
            '"""D."""\nimport os\nfrom tensorflow.keras.layers import Dense\nimport sys\n\n\ndef f():\n  Ad‸',
            "Adam",
            (
                '"""D."""\nimport os\nfrom tensorflow.keras.layers import Dense\n'
                "from tensorflow.keras.optimizers import Adam\nimport sys\n\n\ndef f():\n  Adam"
            ),
        ),
        (
            "from keras.layers import Dense\r\nm = Mod‸",
            "Model",
            "from keras.layers import Dense\r\nfrom keras import Model\r\nm = Model",
        ),
        # modules
        ("import keras\nx = layers.De‸", "Dense", "import keras\nfrom keras import layers\nx = layers.Dense"),
        (
            "import tensorflow as tf\nx = tf.keras.Input((3,))\ny = layers.‸",
            "Dense",
            (
                "import tensorflow as tf\nfrom tensorflow.keras import layers\n"
                "x = tf.keras.Input((3,))\ny = layers.Dense"
            ),
        ),
        (
            "from tensorflow import keras\nx = optimizers.Ad‸",
            "Adam",
            "from tensorflow import keras\nfrom tensorflow.keras import optimizers\nx = optimizers.Adam",
        ),
    ],
)
def test_what_is_written(marked: str, label: str, result: str) -> None:
    assert taken(marked, label) == result


@pytest.mark.parametrize(
    "marked",
    [
        "x = De‸",  # no Keras in the file
        "import keras\nfrom mine import Dense\nx = De‸",  # that name is taken
        "import keras\nDense = 3\nx = De‸",
        "import keras\nx = y.De‸",
        "import keras\nx = 'De‸",
        "import keras\nx = 1  # De‸",
        "import keras\ndef De‸",
        "import keras\nclass De‸",
        "import keras\nimport De‸",
        "import keras\nfrom mine import De‸",
        "import keras\nimport numpy as De‸",
        "import keras\nfor De‸",
        "import keras\nx = ‸",
        "import keras\nx = 3De‸",
        "import keras\nlayers = mine()\nx = layers.De‸",
        "import keras\nfrom mine import layers\nx = layers.De‸",
        "import keras\n\n\ndef f(layers):\n    layers.De‸",
        "import layers\nx = layers.De‸",
    ],
)
def test_where_nothing_is_offered(marked: str) -> None:
    assert taken(marked, "Dense") is None


def test_keywords_of_a_call_come_first() -> None:
    text, offset = cursor("import keras\nx = keras.layers.Dense(u‸")
    labels = [
        item.label for item in sorted(complete(static(text, 3), KEY, offset), key=lambda item: item.sort)
    ]
    assert labels[0] == "units="
    assert "UpSampling2D" in labels
