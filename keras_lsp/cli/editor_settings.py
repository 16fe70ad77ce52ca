"""The settings of a running editor, as its server hands them to a check of all files."""

from __future__ import annotations

import json
from typing import Any

from keras_lsp.session.settings import RuleSettings, Settings


def read_settings(text: str) -> Settings:
    """From the JSON of `dataclasses.asdict(settings)`, which knows no tuples."""
    said: dict[str, Any] = json.loads(text)
    rules = {name: _hashable(value) for name, value in said.pop("rules").items()}
    return Settings(**{name: _hashable(value) for name, value in said.items()}, rules=RuleSettings(**rules))


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hashable(item) for key, item in value.items()}
    return tuple(value) if isinstance(value, list) else value
