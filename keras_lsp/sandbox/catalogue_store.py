"""What was read of installed Kerases, kept on disk from one session to the next."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import os
import tempfile
import time
import zlib
from pathlib import Path

_log = logging.getLogger(__name__)
_MOST_BYTES = 8 << 20  # of a file, compressed


class CatalogueStore:
    """Never raises: what cannot be read is not there, what cannot be written is not kept."""

    def __init__(self, folder: Path | None = None) -> None:
        """Without a folder nothing is kept."""
        self._folder = folder

    @classmethod
    def of_user(cls, below: str = "") -> CatalogueStore:
        import platformdirs  # noqa: PLC0415 - only a server that is used needs it

        return cls(Path(platformdirs.user_cache_dir("keras-lsp", appauthor=False)) / below)

    def load(self, name: str) -> object:
        """JSON values; None where there are none."""
        if self._folder is None:
            return None
        file = self._folder / name
        try:
            if file.stat().st_size > _MOST_BYTES:
                return None
            data: object = json.loads(gzip.decompress(file.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, zlib.error, RecursionError) as error:
            _log.info("%s could not be read: %s", file, error)
            return None
        return data

    def save(self, name: str, data: object) -> None:
        """Whole or not at all: other servers read the same folder."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(gzip.compress(json.dumps(data).encode("utf-8"), mtime=0))
                Path(temporary).replace(self._folder / name)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            _log.info("%s could not be kept: %s", name, error)

    def forget_older(self, seconds: float) -> None:
        """Removes what was saved longer ago."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            for file in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    if file.is_file() and time.time() - file.stat().st_mtime > seconds:
                        file.unlink()
