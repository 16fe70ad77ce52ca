"""Starts the server that this extension carries: `python -I server.py serve --stdio`.

Only the standard library and what is bundled count, whatever the Python that runs it has installed.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "bundled"))

from keras_lsp.cli import main

if __name__ == "__main__":
    sys.exit(main())
