"""How the server and its worker talk: length-prefixed JSON frames over two pipes.

Standard library only and 3.9 syntax: both sides import this file. Nothing is pickled, since user code
ran on the other side. A frame is a 4-byte big-endian length and that many bytes of UTF-8 JSON.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import signal
import struct
import typing
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Dict, List, Tuple, Type, TypeVar, Union

PROTOCOL_VERSION = 1
MAX_FRAME = 32 * 1024 * 1024
MAX_DEPTH = 64
WINDOWS_ERROR = 0xC0000000  # exit codes from here on are NTSTATUS errors: access violation and the like

T = TypeVar("T")


class WireError(Exception):
    """The other side said something that is not in the protocol."""


@dataclass(frozen=True)
class ReplayRequest:
    """What to replay. Paths are absolute; `text` counts, the file need not exist."""

    id: int
    path: str
    text: str
    module_name: str
    package: str = ""  # dotted package for relative imports, "" for a script
    roots: Tuple[str, ...] = ()  # folders put at the end of sys.path
    overlays: Dict[str, str] = field(default_factory=dict)  # path -> unsaved text of other documents
    classes: Tuple[str, ...] = ()  # model classes the text defines, to be made even if nobody calls them
    input_hints: Dict[str, str] = field(
        default_factory=dict
    )  # class name -> "(None, 32)" from pragma or setting
    cells: Tuple[int, ...] = ()  # where those of a notebook begin in `text`
    cell_names: Tuple[int, ...] = ()  # what people call them
    sample: int = 0  # 0 or 1: unlike answers to what is not known
    wall_seconds: float = 10.0
    statement_seconds: float = 3.0
    memory_bytes: int = 2 << 30


@dataclass(frozen=True)
class CatalogueRequest:
    """What does the installed Keras offer? The answer is `catalogue`, see `worker/catalogue/read.py`."""

    id: int
    wall_seconds: float = 90.0
    memory_bytes: int = 2 << 30


Request = Union[ReplayRequest, CatalogueRequest]


@dataclass(frozen=True)
class CancelRequest:
    id: int


@dataclass(frozen=True)
class Hello:
    """First frame from the worker, after Keras is imported."""

    protocol: int
    python: str
    keras: str
    keras_line: int
    backend: str
    tensorflow: str
    fork: bool
    import_seconds: float
    confinement: Tuple[str, ...] = ()  # what is in force in a replay: "rlimits", "own session", ...


@dataclass(frozen=True)
class StartFailed:
    """First frame instead of Hello: Keras could not be imported, or not in a usable way."""

    reason: str
    missing: str = ""  # name of the module that is not installed, "" for other failures
    started: bool = True  # whether the interpreter was started at all


@dataclass(frozen=True)
class ReplayEnded:
    """The replay's child ended without a report."""

    id: int
    reason: str  # in the user's words: "os._exit(3) was called", "crashed with signal 11 (SIGSEGV)"
    # exited | crashed | deadline | memory | cancelled | internal | unfit (worker to be replaced)
    # | not begun (for want of room, through no fault of the text)
    kind: str

    @classmethod
    def after_exit(cls, number: int, code: int) -> ReplayEnded:
        """Its process ended; `code` as `subprocess` has it, a negative number for a signal."""
        if code < 0 and -code == getattr(signal, "SIGXCPU", None):
            return cls(number, "used more processor time than a replay may", "deadline")
        if code < 0:
            return cls(number, f"crashed with {_signal_name(-code)}", "crashed")
        if code >= WINDOWS_ERROR:
            return cls(number, f"crashed with error {code:#x}", "crashed")
        return cls(number, f"ended the process (exit status {code}) before the replay was done", "exited")

    @classmethod
    def late(cls, number: int, seconds: float) -> ReplayEnded:
        return cls(number, f"took longer than {seconds:g} s and was stopped", "deadline")

    @classmethod
    def overfull(cls, number: int) -> ReplayEnded:
        return cls(number, "filled its temporary folder and was stopped", "memory")

    @classmethod
    def garbled(cls, number: int) -> ReplayEnded:
        return cls(number, "wrote into a pipe of the worker", "crashed")

    @classmethod
    def not_begun(cls, number: int, error: OSError) -> ReplayEnded:
        return cls(number, f"it could not begin: {error.strerror}", "not begun")

    @classmethod
    def superseded(cls, number: int) -> ReplayEnded:
        return cls(number, "stopped for a newer text", "cancelled")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def write_frame(stream: BinaryIO, message: Dict[str, Any]) -> None:
    body = json.dumps(message, separators=(",", ":"), allow_nan=False).encode("utf-8")
    if len(body) > MAX_FRAME:
        raise WireError(f"frame of {len(body)} bytes is over the limit of {MAX_FRAME}")
    stream.write(struct.pack(">I", len(body)) + body)
    stream.flush()


def frame_length(header: bytes) -> int:
    """Length of the body that follows a 4-byte header."""
    (length,) = struct.unpack(">I", header)
    if length > MAX_FRAME:
        raise WireError(f"frame of {length} bytes is over the limit of {MAX_FRAME}")
    return int(length)


def parse_body(body: bytes) -> Dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise WireError("a frame holds a JSON object")
    return message


def encode(value: Any) -> Any:
    """Dataclasses to JSON values; fields that have their default are left out."""
    kind = type(value)
    if kind in JSON_TYPES:
        return value
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {str(key): encode(item) for key, item in value.items()}
    if not dataclasses.is_dataclass(kind):
        return value
    out = {}
    for name, default in _fields(kind):
        item = getattr(value, name)
        if item is not default and item != default:
            out[name] = encode(item)
    return out


JSON_TYPES = frozenset({str, int, float, bool, type(None)})


@functools.lru_cache(maxsize=256)
def _fields(cls: Any) -> List[Tuple[str, Any]]:
    """Names and defaults of a dataclass; a field without a default has one that nothing equals."""
    return [
        (spec.name, spec.default if spec.default_factory is dataclasses.MISSING else spec.default_factory())
        for spec in dataclasses.fields(cls)
    ]


def decode(cls: Type[T], data: Any) -> T:
    """JSON values back to dataclass `cls`, every field checked against its type.

    Raises WireError for anything that does not fit: what comes from a worker is not trusted.
    """
    result: T = _decode(cls, data, 0)
    return result


_HINTS: Dict[type, Dict[str, Any]] = {}


def _decode(hint: Any, data: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError("nested too deeply")
    if dataclasses.is_dataclass(hint):
        return _decode_dataclass(hint, data, depth)
    origin = typing.get_origin(hint)
    if origin is Union:
        return _decode_optional(hint, data, depth)
    if origin is tuple:
        return _decode_tuple(typing.get_args(hint), data, depth)
    if origin is dict:
        return _decode_dict(typing.get_args(hint), data, depth)
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if (hint is int and isinstance(data, bool)) or not isinstance(data, hint):
        raise WireError(f"expected {hint.__name__}, got {type(data).__name__}")
    return data


def _decode_dataclass(cls: Any, data: Any, depth: int) -> Any:
    if not isinstance(data, dict):
        raise WireError(f"expected {cls.__name__}, got {type(data).__name__}")
    hints = _HINTS.get(cls)
    if hints is None:
        hints = _HINTS[cls] = typing.get_type_hints(cls)
    unknown = data.keys() - hints.keys()
    if unknown:
        raise WireError(f"{cls.__name__} has no {min(unknown)!r}")
    try:
        return cls(**{name: _decode(hints[name], item, depth + 1) for name, item in data.items()})
    except TypeError as error:
        raise WireError(f"{cls.__name__}: {error}") from None


def _decode_optional(hint: Any, data: Any, depth: int) -> Any:
    options = typing.get_args(hint)
    if data is None and type(None) in options:
        return None
    (inner,) = [option for option in options if option is not type(None)]
    return _decode(inner, data, depth)


def _decode_tuple(items: Tuple[Any, ...], data: Any, depth: int) -> Any:
    if not isinstance(data, list):
        raise WireError(f"expected a list, got {type(data).__name__}")
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(_decode(items[0], item, depth + 1) for item in data)
    if len(items) != len(data):
        raise WireError(f"expected {len(items)} items, got {len(data)}")
    return tuple(_decode(hint, item, depth + 1) for hint, item in zip(items, data))


def _decode_dict(items: Tuple[Any, ...], data: Any, depth: int) -> Any:
    if not isinstance(data, dict):
        raise WireError(f"expected an object, got {type(data).__name__}")
    return {key: _decode(items[1], item, depth + 1) for key, item in data.items()}


def tagged(kind: str, value: Any) -> Dict[str, Any]:
    """A message: its kind beside its encoded payload."""
    return {"kind": kind, "payload": encode(value)}


def untag(message: Dict[str, Any]) -> Tuple[str, Any]:
    kind = message.get("kind")
    if not isinstance(kind, str):
        raise WireError("a message has a kind")
    return kind, message.get("payload")
