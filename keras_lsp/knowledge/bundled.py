"""The catalogues that come with the product, for when the user's own Keras has not been read.

Written by `python -m keras_lsp.worker.process.write_catalogue keras_lsp/knowledge/keras3.json.gz`, and with
`TF_USE_LEGACY_KERAS=1` for `keras2.json.gz`. Read on first use.
"""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from importlib import resources

from keras_lsp.knowledge.api import Api, read_api


@lru_cache(maxsize=2)
def bundled(line: int) -> Api:
    """Of Keras 3, or of tf-keras 2."""
    file = resources.files("keras_lsp.knowledge").joinpath(f"keras{2 if line == 2 else 3}.json.gz")
    return read_api(json.loads(gzip.decompress(file.read_bytes())))
