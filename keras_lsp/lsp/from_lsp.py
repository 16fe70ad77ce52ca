"""Protocol to our terms: uris to paths. Positions are in `sheet.py`."""

from __future__ import annotations

from pygls.uris import to_fs_path


def path(uri: str) -> str | None:
    """The file a uri names; None for documents that are not files."""
    return to_fs_path(uri) if uri.lower().startswith("file:") else None
