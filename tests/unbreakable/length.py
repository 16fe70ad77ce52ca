"""How long the tests of this folder try: seconds in the usual suite, an hour by `make unbreakable`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

LONG = bool(os.environ.get("KERAS_LSP_UNBREAKABLE"))


def tries(short: int, long: int, steps: int = 50) -> settings:
    """Examples without a deadline: machines are slow at times. `steps` of each, where it has steps."""
    return settings(
        max_examples=long if LONG else short,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=set(Phase) - {Phase.explain},  # which takes a minute for a text
    )
