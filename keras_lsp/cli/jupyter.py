"""How jupyter-lsp starts the server: it finds this by the entry point `jupyter_lsp_spec_v1`."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from typing import Any


def _command() -> list[str]:
    """The server of this environment. Never `-m` alone: that would import what lies beside the notebooks."""
    program = shutil.which("keras-lsp", path=sysconfig.get_path("scripts")) or shutil.which("keras-lsp")
    return [program] if program else [sys.executable, "-I", "-m", "keras_lsp"]


def spec(_manager: object) -> dict[str, dict[str, Any]]:
    """The specification of the language server, by its name."""
    return {
        "keras-lsp": {
            "version": 2,
            "display_name": "keras-lsp",
            "argv": [*_command(), "serve", "--stdio"],
            "languages": ["python"],
            "mime_types": ["text/x-python", "text/x-ipython", "text/python"],
            "requires_documents_on_disk": False,
            "troubleshoot": "`keras-lsp doctor` tells which Python and which Keras are used, and why.",
        }
    }
