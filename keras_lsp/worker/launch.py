"""Starts the user's interpreter inside what it may never leave: run by the server's own Python.

What an interpreter does before it comes to our code (`sitecustomize`, `.pth` files, or that it is no Python
at all) happens in here already: no writes but in one folder, no network, no hold on other processes. A replay
is confined further by itself.

    python -I -S launch.py FOLDER COMMAND...
"""

import importlib
import importlib.util
import os
import sys
from typing import Any, List

FAILED = 97


def main(arguments: List[str]) -> int:
    folder, *command = arguments
    boot = _boot()
    doing = "the sandbox could not be set up"
    try:
        around = importlib.import_module(f"{boot.PRIVATE_NAME}.confine.around")
        os.environ[around.AROUND_VARIABLE] = ",".join(around.enforce_around(folder))
        doing = f"{command[0]} could not be started"
        os.execvp(command[0], command)  # noqa: S606 - the interpreter that was found or set for this folder
    except OSError as error:
        wire = importlib.import_module(f"{boot.PRIVATE_NAME}.wire")
        failed = wire.StartFailed(f"{doing}: {error.strerror or error}", started=False)
        with os.fdopen(1, "wb") as reports:
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
