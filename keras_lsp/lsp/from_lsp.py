"""Protocol to our terms: uris to paths. Positions are in `sheet.py`."""

from __future__ import annotations

from pygls.uris import to_fs_path


def path(uri: str) -> str | None:
    """The file a uri names; None for documents that are not files, or of which nobody can say which."""
    if not uri.lower().startswith("file:"):
        return None
    try:
        named = to_fs_path(uri)
    except ValueError:  # no uri after all: `file://[`
        return None
    return None if named is None or "\0" in named else named
