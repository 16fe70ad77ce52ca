"""Starts the user's interpreter inside what it may never leave: run by the server's own Python.

What an interpreter does before it comes to our code (`sitecustomize`, `.pth` files, or that it is no Python
at all) happens in here already: no writes but in one folder, no network, no hold on other processes. A replay
is confined further by itself.

    python -I -S launch.py PLAN COMMAND...

PLAN is a JSON object with the fields of `confine/plan.py`.
"""

import importlib
import importlib.util
import os
import sys
from typing import Any, List

FAILED = 97


def main(arguments: List[str]) -> int:
    boot = _boot()
    starting = importlib.import_module(f"{boot.PRIVATE_NAME}.confine.starting")
    try:
        return int(starting.start(os.path.abspath(__file__), arguments[0], arguments[1:]))
    except starting.StartError as error:
        wire = importlib.import_module(f"{boot.PRIVATE_NAME}.wire")
        with os.fdopen(1, "wb") as reports:
            failed = wire.StartFailed(str(error), started=False)
            wire.write_frame(reports, wire.tagged("start_failed", failed))
    return FAILED


def _boot() -> Any:
    """The neighbour that knows how the worker's package is loaded without being installed."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location("boot", os.path.join(folder, "boot.py"))
    if spec is None or spec.loader is None:
        raise ImportError(folder)
    boot = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(boot)
    boot.load_package(folder)
    return boot


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
