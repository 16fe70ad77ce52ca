"""`python -m keras_lsp` is `keras-lsp`."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # Python puts the folder it is started in before its own library then: the server would run a workspace's
    # `random.py`, trusted or not.
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path.append(sys.path.pop(0))

    from keras_lsp.cli import main

    sys.exit(main())
