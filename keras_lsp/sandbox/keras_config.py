"""The user's own Keras configuration, so that a replay has the same backend, float type and data format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_lsp.sandbox.machine import Machine

_CHOICES = {"backend": str, "floatx": str, "image_data_format": str, "epsilon": float}


def keras_config_file(machine: Machine) -> Path:
    given = machine.environ.get("KERAS_HOME")
    return (Path(given) if given else machine.home / ".keras") / "keras.json"


def default_backend(machine: Machine) -> str:
    """The backend of Keras 3 where a program does not choose one."""
    return machine.environ.get("KERAS_BACKEND") or str(
        read_keras_config(machine).get("backend", "tensorflow")
    )


def read_keras_config(machine: Machine) -> dict[str, str | float]:
    """What keras.json says, reduced to the settings that change a model; {} when there is none."""
    try:
        data = json.loads(keras_config_file(machine).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    return {name: data[name] for name, kind in _CHOICES.items() if isinstance(data.get(name), kind)}
