"""Texts that anybody may write, changes that any client may send of them, and what they come to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.protocol.client import Message

PIECES = [
    "import keras\n",
    "from keras import layers\r\n",
    "class Net(keras.Model):\n",
    "    def __init__(self):\n        super().__init__()\n",
    "        self.dense = layers.Dense(3, name='é😀')\n",
    "    def call(self, x):\n        return self.dense(x)\n",
    "model = Net()\n",
    "model.layers[0].weights[0]\n",
    "stack = keras.Sequential([keras.Input((3,)), layers.Dense(4)])\n",
    "x = layers.Dense(4)(keras.Input((3,)))\n",
    "# keras-lsp: input=(None, 3)\n",
    "stack.layers[",
    "%matplotlib inline\n",
    *(
        "\n",
        "\r",
        "\r\n",
        "    ",
        "\t",
        "\f",
        "\x00",
        "\u2028",
        "\ufeff",
        "é",
        "中",
        "😀",
        "e\u0301",
        "\udc80",
    ),
    *("(", ")", "[", "{", "'", '"""', "\\\n", ":", "=", "#", "f'{", "@", ";", "\x1a", "def ", "0x", "1e999"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
NUMBERS = st.one_of(st.integers(0, 12), st.integers(0, 60), st.sampled_from([9999, 2**31 - 1]))
PLACES = st.fixed_dictionaries({"line": NUMBERS, "character": NUMBERS})
RANGES = st.fixed_dictionaries({"start": PLACES, "end": PLACES})
CHANGES = st.lists(
    st.fixed_dictionaries({"range": RANGES, "text": TEXTS | st.sampled_from(PIECES)})
    | st.fixed_dictionaries({"text": TEXTS}),
    max_size=3,
)


def offset(text: str, place: Message) -> int:
    """Where a place is, said once more than in the server: outside of the text is its nearest end."""
    lines = re.split("(\r\n|\r|\n)", text)[::2]
    endings = re.split("(\r\n|\r|\n)", text)[1::2]
    if place["line"] >= len(lines):
        return len(text)
    before = sum(map(len, (*lines[: place["line"]], *endings[: place["line"]])))
    units = lines[place["line"]].encode("utf-16-le", "surrogatepass")[: 2 * place["character"]]
    if re.search(rb"[\xd8-\xdb]\Z", units, re.DOTALL) and len(units) % 2 == 0:  # half of a character
        units = units[:-2]
    return before + len(units.decode("utf-16-le", "surrogatepass"))


def edited(text: str, change: Message) -> str:
    if "range" not in change:
        return str(change["text"])
    start, end = offset(text, change["range"]["start"]), offset(text, change["range"]["end"])
    new: str = change["text"]
    return text[:start] + new + text[max(start, end) :]
