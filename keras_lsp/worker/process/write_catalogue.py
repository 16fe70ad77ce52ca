"""Writes the catalogue of the Keras of this Python.

    python -m keras_lsp.worker.process.write_catalogue FILE.json.gz

`TF_USE_LEGACY_KERAS=1` in the environment gives that of tf-keras 2, as ever.
"""

from __future__ import annotations

import gzip
import json
import os
import sys

from ..catalogue.read import read_catalogue
from . import warm


def main(file: str) -> None:
    line = warm.load(os.environ.get("TF_USE_LEGACY_KERAS", "") == "1")
    text = json.dumps(read_catalogue(line), ensure_ascii=False, separators=(",", ":"))
    with open(file, "wb") as raw:
        raw.write(gzip.compress(text.encode("utf-8"), 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
