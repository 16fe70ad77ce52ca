"""Keras imported and made ready, once in a process."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

from ..lines.keras3 import Keras3
from ..lines.tf_keras2 import TfKeras2
from ..program import libraries

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine


def warm(legacy: bool) -> KerasLine:
    """The Keras the user's text uses, ready for replays. Raises whatever importing it raises."""
    line = load(legacy)
    prepare(line)
    return line


def load(legacy: bool) -> KerasLine:
    """Import the Keras the user's text uses. Raises ImportError when it is not there."""
    if legacy:
        return TfKeras2(importlib.import_module("tf_keras"))
    keras = importlib.import_module("keras")
    if str(keras.__version__).startswith("2."):
        return TfKeras2(keras)
    if importlib.util.find_spec("tensorflow") is not None:
        importlib.import_module("tensorflow")
    return Keras3(keras)


def prepare(line: KerasLine) -> None:
    """Runs no operation: the zygote does this before it forks."""
    line.prepare()
    libraries.block_functions(line)
