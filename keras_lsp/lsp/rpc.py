"""JSON-RPC as far as it needs no library: what may come when, and how the rest is refused.

Every request gets exactly one response; this is where those that reach no handler get theirs.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
NOT_INITIALIZED = -32002

Message = dict[str, Any]


class Stage(Enum):
    NEW = "before initialize"
    RUNNING = "running"
    SHUT_DOWN = "after shutdown"


class Refusal(Exception):  # noqa: N818 - it says what happens, not what went wrong
    """A message is not handled; its code and text are those of the error response."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(PARSE_ERROR, "a frame that is not JSON") from None


def checked(message: object, stage: Stage) -> Message:
    """The message, if it is a call or a response that may be handled now. Raises Refusal."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise Refusal(INVALID_REQUEST, "not a JSON-RPC 2.0 message")
    if "method" not in message and "id" in message:
        return message
    method = message.get("method")
    if not isinstance(method, str):
        raise Refusal(INVALID_REQUEST, "a message has a method or an id")
    if "id" in message and not isinstance(message["id"], int | str):
        raise Refusal(INVALID_REQUEST, "an id is a number or a string")
    if method == "exit":
        return message
    if stage is Stage.NEW and method != "initialize":
        raise Refusal(NOT_INITIALIZED, "the first request is initialize")
    if stage is Stage.RUNNING and method == "initialize":
        raise Refusal(INVALID_REQUEST, "initialize comes only once")
    if stage is Stage.SHUT_DOWN:
        raise Refusal(INVALID_REQUEST, "the server is shut down")
    return message


def refused(message: object, refusal: Refusal) -> Message | None:
    """The response that says so; None for a notification, which has no response."""
    request_id = None
    if isinstance(message, dict):
        if "method" in message and "id" not in message:
            return None
        request_id = message.get("id")
    if not isinstance(request_id, int | str):
        request_id = None
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": refusal.code, "message": str(refusal)}}


def frame(message: Message) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body
