"""The requests of the server, read from a descriptor as they come."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional

from ..wire import frame_length, parse_body


class Inbox:
    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._buffer = b""

    def read(self) -> Optional[List[Dict[str, Any]]]:
        """Waits for more; the messages that are complete by now. None at the end of input."""
        chunk = os.read(self.descriptor, 1 << 20)
        if not chunk:
            return None
        self._buffer += chunk
        messages = []
        while len(self._buffer) >= 4:
            end = 4 + frame_length(self._buffer[:4])
            if len(self._buffer) < end:
                break
            messages.append(parse_body(self._buffer[4:end]))
            self._buffer = self._buffer[end:]
        return messages
