"""The extension as it is shipped, built once for all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.editors.vscode.toolchain import EXTENSION, node, succeed, tool


@pytest.fixture(scope="session")
def vsix() -> Path:
    """The package that a user installs, made as it is made for the marketplaces.

    `KERAS_LSP_VSIX` names one that is made already.
    """
    made = os.environ.get("KERAS_LSP_VSIX")
    if made:
        return Path(made)
    tool("vsce")
    npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(Path(sys.executable).parent), str(node().parent), os.environ["PATH"]])
    succeed([str(node()), str(npm), "run", "package"], PATH=path)
    return EXTENSION / "dist" / "keras-lsp.vsix"
