"""Replay and reality agree on models that libraries make: keras.applications, and keras-hub from configs."""

from __future__ import annotations

import pytest

from tests.worker.agreement import differences
from tests.worker.environments import KERAS_HUB, MAIN_ENVIRONMENTS, Bench

APPLICATIONS = {
    name: f"import keras\n\nmodel = keras.applications.{name}(weights=None)\n"
    for name in ("ConvNeXtTiny", "EfficientNetB0", "MobileNetV3Small", "ResNet50")
}

BACKBONES = {
    "BertBackbone": "vocabulary_size=100, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32",
    "GPT2Backbone": "vocabulary_size=100, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32",
    "Llama3Backbone": (
        "vocabulary_size=100, num_layers=2, num_query_heads=4, num_key_value_heads=2, hidden_dim=16,"
        " intermediate_dim=32"
    ),
    "GemmaBackbone": (
        "vocabulary_size=100, num_layers=2, num_query_heads=4, num_key_value_heads=1, hidden_dim=16,"
        " intermediate_dim=32, head_dim=4"
    ),
    "T5Backbone": "vocabulary_size=100, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32",
    "WhisperBackbone": (
        "vocabulary_size=100, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32,"
        " max_encoder_sequence_length=32"
    ),
    "ViTBackbone": (
        "image_shape=(32, 32, 3), patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32"
    ),
}


@pytest.mark.parametrize("name", APPLICATIONS)
@pytest.mark.parametrize("bench", MAIN_ENVIRONMENTS, ids=lambda found: found.name, indirect=True)
def test_applications(name: str, bench: Bench) -> None:
    program = bench.spelled(APPLICATIONS[name])
    wrong = differences(program, bench.replay(program), bench.truth(APPLICATIONS)[name])
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("bench", [KERAS_HUB], ids=lambda found: found.name, indirect=True)
def test_keras_hub(name: str, bench: Bench) -> None:
    programs = {
        name: f"import keras_hub\n\nmodel = keras_hub.models.{name}({arguments})\n"
        for name, arguments in BACKBONES.items()
    }
    wrong = differences(programs[name], bench.replay(programs[name]), bench.truth(programs)[name])
    assert not wrong, "\n".join(wrong)
