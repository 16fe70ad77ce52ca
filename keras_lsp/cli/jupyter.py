"""How jupyter-lsp starts the server: it finds this by the entry point `jupyter_lsp_spec_v1`."""

from __future__ import annotations

import sys
from typing import Any


def spec(_manager: object) -> dict[str, dict[str, Any]]:
    """The specification of the language server, by its name."""
    return {
        "keras-lsp": {
            "version": 2,
            "display_name": "keras-lsp",
            "argv": [sys.executable, "-m", "keras_lsp", "serve", "--stdio"],
            "languages": ["python"],
            "mime_types": ["text/x-python", "text/x-ipython", "text/python"],
            "requires_documents_on_disk": False,
            "troubleshoot": "`keras-lsp doctor` tells which Python and which Keras are used, and why.",
        }
    }
