"""Which tests stay together when they run in several processes (`pytest -n 2`): those that share much.

A scheduler of our own, as marks for groups reach that of pytest-xdist 3.8 no more under pytest 9.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest
    from xdist.remote import Producer

_ENVIRONMENT = re.compile(r"^tests/worker/.*?\[((?:tf-)?keras-(?:[\d.]+|hub)|jax|torch)[-\]]")
# All features share a replayer; no two browsers at once.
_TOGETHER = (
    ("tests/unit/features", re.compile("tests/unit/features/")),
    ("browser", re.compile("tests/editors/(vscode/|test_jupyterlab)")),
)
# Groups that take longest: begun first, so that none is left to one process when the others have ended.
_LONGEST = (
    *(
        "browser",
        "tests/unit/features",
        "keras-3",
        "jax",
        "tests/reality/test_library_classes.py",
        "tf-keras-2",
    ),
    *("tests/unit/sandbox/test_single_use.py", "tests/sandbox/test_escapes.py", "keras-3.6"),
)


def group_of(test: str) -> str:
    """An environment with its warm worker and its truth, what is kept together, else a file."""
    if environment := _ENVIRONMENT.match(test):
        return environment[1]
    file = test.partition("::")[0]
    return next((group for group, files in _TOGETHER if files.match(file)), file)


def rank_of(test: str) -> int:
    group = group_of(test)
    return _LONGEST.index(group) if group in _LONGEST else len(_LONGEST)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # the order is that of `rank_of`

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
