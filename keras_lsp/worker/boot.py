"""The program the server starts under the user's interpreter: private pipes first, then the worker.

The protocol's pipes move away from descriptors 0 and 1 before anything of the user's can run: `print`,
`os.write(1, ...)` and C code then reach stderr, never the protocol. This folder leaves `sys.path` and the
package is loaded by file under a private name, so a user's own `wire.py` neither breaks the worker
nor is shadowed by it.
"""

import importlib
import importlib.util
import os
import sys
from typing import Tuple

PRIVATE_NAME = "_keras_lsp_worker"


def private_pipes() -> Tuple[int, int]:
    """The protocol's two descriptors; 0 and 1 now lead to the null device and to stderr."""
    requests, reports = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return requests, reports


def load_package(folder: str) -> None:
    spec = importlib.util.spec_from_file_location(
        PRIVATE_NAME, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError(folder)
    package = importlib.util.module_from_spec(spec)
    sys.modules[PRIVATE_NAME] = package
    spec.loader.exec_module(package)


def main() -> int:
    requests, reports = private_pipes()
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]
    sys.dont_write_bytecode = True
    load_package(folder)
    worker = importlib.import_module(PRIVATE_NAME + ".process.serve")
    return int(worker.serve(requests, reports))


if __name__ == "__main__":
    sys.exit(main())
