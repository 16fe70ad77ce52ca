"""A peer for the server's side that misbehaves on demand: `fake_worker.py <at start> <at replay>`.

Standard library only. It shares nothing with the server but the wire's format, so that the tests check that.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HELLO = {
    "protocol": 1, "python": "3.11.7", "keras": "3.15.1", "keras_line": 3, "backend": "tensorflow",
    "tensorflow": "2.21.0", "fork": True, "import_seconds": 0.1, "confinement": ["rlimits"],
}  # fmt: skip
VERSIONS = {"python": "3.11.7", "keras": "3.15.1", "keras_line": 3}


CATALOGUES: dict[str, Any] = {
    "fine": {"keras": "3.15.1"},
    "terminal": {"keras": "3\x1b]0;evil\x07", "entries": {"a\u202eb": [{"summary": "x\r\u200by\n\tz"}]}},
    "deep": json.loads("[" * 200 + "]" * 200),
    "nothing": None,
}


def write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say(kind: str, payload: dict[str, Any]) -> None:
    body = json.dumps({"kind": kind, "payload": payload}).encode()
    write(struct.pack(">I", len(body)) + body)


def report(number: int, **fields: Any) -> None:
    say("report", {"id": number, "report": {"report": {"versions": VERSIONS, **fields}}})


def hear() -> dict[str, Any]:
    header = sys.stdin.buffer.read(4)
    if len(header) < 4:
        sys.exit(0)
    message: dict[str, Any] = json.loads(sys.stdin.buffer.read(struct.unpack(">I", header)[0]))
    return message


def hang() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def leave() -> None:
    sys.stderr.write("something is wrong here\n")
    sys.exit(3)


def say_nonsense(data: bytes) -> None:
    write(data)
    hang()


def flood() -> None:
    while True:
        say("progress", {"text": "x" * 1000})


def storm() -> None:
    for _ in range(2000):
        sys.stderr.write("y" * 1000 + "\n")
    sys.stderr.write("the end of the storm\n")


def leave_a_child() -> None:
    """In a session of its own and holding the pipes, as a replay that got away would be."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)


MISCHIEF: dict[str, Callable[[], None]] = {
    "hang": hang,
    "exit": leave,
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "garbage": lambda: say_nonsense(b"Hello, I am a print statement, not a frame"),
    "not-json": lambda: say_nonsense(struct.pack(">I", 3) + b"{{{"),
    "huge-frame": lambda: say_nonsense(b"\xff\xff\xff\xff"),
    "flood": flood,
    "stderr-storm": storm,
    "leave-a-child": leave_a_child,
    "fine": lambda: None,
}


def start(how: str) -> None:
    if how == "start-failed":
        say("start_failed", {"reason": "`keras` is not installed", "missing": "keras"})
        sys.exit(1)
    if how == "old-protocol":
        say("hello", {**HELLO, "protocol": 99})
        hang()
    if how == "single-use":
        say("hello", {**HELLO, "fork": False})
        return
    MISCHIEF[how]()
    say("hello", HELLO)


def replay(how: str, payload: dict[str, Any]) -> None:
    number = payload["id"]
    if how == "no-such-request":
        say("ended", {"id": 999, "reason": "?", "kind": "exited"})
    elif how == "bad-span":
        report(number, nodes=[{"span": [0, 9999999], "values": []}])
    elif how == "wrong-type":
        report(number, layers=[{"id": "one"}])
    elif how == "obedient":
        while hear()["kind"] != "cancel":
            continue
        say("ended", {"id": number, "reason": "stopped for a newer text", "kind": "cancelled"})
    elif how == "unfit":
        say("ended", {"id": number, "reason": "the warm process has 6 threads", "kind": "unfit"})
        sys.exit(0)
    elif how == "crashed":
        say("ended", {"id": number, "reason": "crashed with SIGSEGV", "kind": "crashed"})
    else:
        MISCHIEF[how]()
        # What was asked, and under which variables, comes back in fields that a test can read.
        backend, python = json.dumps(payload), json.dumps(dict(os.environ))
        report(number, versions={**VERSIONS, "backend": backend, "python": python})


def main() -> None:
    at_start, at_replay = sys.argv[1:3]
    start(at_start)
    while True:
        message = hear()
        if message["kind"] == "replay":
            text = message["payload"]["text"]
            # A text may name its own trouble, so that one worker can meet several.
            replay(text[2:] if text.startswith("# ") else at_replay, message["payload"])
        elif message["kind"] == "catalogue":
            say("catalogue", {"id": message["payload"]["id"], "catalogue": CATALOGUES[at_replay]})


main()
