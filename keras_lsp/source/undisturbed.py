"""Reading without the garbage collector in between.

A reading makes thousands of objects in a few milliseconds and needs nearly all of them until its end. Python
would look through them a dozen times meanwhile, for nothing; what is garbage at the end, it finds then.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def undisturbed() -> Iterator[None]:
    """Garbage is looked for once, at the end. Other threads' readings may begin and end meanwhile."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
            gc.collect(0)
