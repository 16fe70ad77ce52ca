"""From what the sandbox found or a worker said to the facts that features show."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from keras_lsp.sandbox.jail import FULL_LEVEL, level_name
from keras_lsp.session.snapshot import EnvironmentFacts

if TYPE_CHECKING:
    from keras_lsp.sandbox.environment import Environment
    from keras_lsp.worker.wire import Hello


def environment_facts(environment: Environment) -> EnvironmentFacts:
    return EnvironmentFacts(
        command=environment.command,
        origin=environment.origin,
        keras_version=environment.keras_version,
        keras_line=environment.keras_line,
        tensorflow_version=environment.packages.tensorflow,
        tf_keras_version=environment.packages.tf_keras,
    )


def confirmed_facts(found: EnvironmentFacts | None, hello: Hello) -> EnvironmentFacts | None:
    """The same environment with the versions that were really imported."""
    if found is None:
        return None
    level = level_name(hello.confinement)
    return dataclasses.replace(
        found,
        keras_version=hello.keras,
        keras_line=hello.keras_line,
        tensorflow_version=hello.tensorflow or found.tensorflow_version,
        confirmed=True,
        sandbox="" if level == FULL_LEVEL else level,
    )
