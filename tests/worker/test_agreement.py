"""Replay and reality agree on the programs of cases/agreement_*.md, in every environment that is there.

Real JAX compiles each operation, a second or more for a program: under it a run of the tests looks at every
second one, at all with `KERAS_LSP_ALL_PROGRAMS`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.worker.agreement import differences

if TYPE_CHECKING:
    from tests.worker.environments import Bench

CASES = Path(__file__).parents[1] / "cases"
PROGRAMS = {
    f"{path.stem.removeprefix('agreement_')}: {title}": text
    for path in sorted(CASES.glob("agreement_*.md"))
    for title, text in re.findall(
        r"^### (.+?)\n+```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
}


@pytest.fixture(scope="session")
def programs(bench: Bench) -> dict[str, str]:
    if bench.environment.backend != "jax" or os.environ.get("KERAS_LSP_ALL_PROGRAMS"):
        return PROGRAMS
    return dict(list(PROGRAMS.items())[::2])


@pytest.mark.parametrize("title", PROGRAMS)
def test_report_and_reality_agree(title: str, bench: Bench, programs: dict[str, str]) -> None:
    if title not in programs:
        pytest.skip("KERAS_LSP_ALL_PROGRAMS is not set")
    text = PROGRAMS[title]
    if bench.environment.backend != "tensorflow" and "import tensorflow" in text:
        pytest.skip("a program for TensorFlow")
    program = bench.spelled(text)
    # Under tf-keras 2 the real traceback ends where AutoGraph's copy of `call` begins: lines in it are lost.
    wrong = differences(
        program, bench.replay(program), bench.truth(programs)[title], lines=not bench.environment.legacy
    )
    assert not wrong, "\n".join(wrong)
