"""Frames between server and worker, damaged on the way: each side reads a message or says that it is none."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from keras_lsp.sandbox.outcomes import outcome_of_report
from keras_lsp.sandbox.pipes import Child
from keras_lsp.sandbox.report_check import decoded
from keras_lsp.worker import wire
from keras_lsp.worker.process.inbox import Inbox
from keras_lsp.worker.report import LayerReport, NodeFact, ReplayReport, Value, Versions, WeightReport, pack
from tests.unbreakable.damage import damaged_bytes, damaged_json
from tests.unbreakable.length import tries

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = "import keras\nmodel = keras.Sequential([keras.layers.Dense(3)])\n"
KERNEL = WeightReport("dense/kernel", "kernel", (2, 3), "float32", True, owner=1)
DENSE = LayerReport(1, "Dense", "keras.layers.Dense", "dense", "layer", False, (21, 40), weights=(KERNEL,))
REPORT = ReplayReport(
    Versions("3.11", "3.15", 3),
    layers=(DENSE,),
    nodes=(NodeFact((21, 40), (Value("layer", layer=1),)),),
    timings={"replay": 0.5},
)
HELLO = wire.Hello(1, "3.11", "3.15", 3, "tensorflow", "2.21", True, 2.5, ("rlimits",))
FROM_WORKER = {
    "hello": wire.encode(HELLO),
    "start_failed": wire.encode(wire.StartFailed("not installed", "keras")),
    "ended": wire.encode(wire.ReplayEnded(1, "crashed", "crashed")),
    "report": {"id": 1, "report": wire.encode(pack(REPORT))},
    "catalogue": {"id": 1, "catalogue": {"keras": "3.15", "entries": {}}},
}
FROM_SERVER = {
    "replay": wire.encode(wire.ReplayRequest(1, "/w/model.py", TEXT, "__main__", roots=("/w",))),
    "catalogue": wire.encode(wire.CatalogueRequest(2)),
    "cancel": wire.encode(wire.CancelRequest(1)),
}
KINDS = {
    "hello": wire.Hello,
    "start_failed": wire.StartFailed,
    "ended": wire.ReplayEnded,
    "replay": wire.ReplayRequest,
    "catalogue": wire.CatalogueRequest,
    "cancel": wire.CancelRequest,
}


def frame(message: Any) -> bytes:
    body = json.dumps(message).encode()
    return struct.pack(">I", len(body)) + body


def frames(messages: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """One message after the other, each as it is or with other values in it; then the bytes are damaged."""
    good = st.sampled_from([{"kind": kind, "payload": payload} for kind, payload in messages.items()])
    several = st.lists(good | good.flatmap(damaged_json), min_size=1, max_size=3)
    joined = several.map(lambda said: b"".join(map(frame, said)))
    return joined | joined.flatmap(damaged_bytes)


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


SIZES = st.lists(st.integers(1, 200), max_size=6)


async def read_as_server(data: bytes, sizes: list[int]) -> str:
    """Why it stopped reading."""
    child = Child()
    for piece in pieces(data, sizes):
        child.pipe_data_received(1, piece)
    child.pipe_connection_lost(1, None)
    try:
        while True:
            kind, payload = await child.read_frame()
            if kind == "report" and isinstance(payload, dict):
                outcome = await outcome_of_report(payload.get("report"), len(TEXT))
                assert outcome.report is not None
            elif kind in KINDS:
                decoded(KINDS[kind], payload)
    except asyncio.IncompleteReadError:
        return "the end"
    except wire.WireError as error:
        return str(error)


@given(frames(FROM_WORKER), SIZES)
@tries(short=150, long=50_000)
def test_a_server_reads_what_a_worker_says(data: bytes, sizes: list[int]) -> None:
    assert asyncio.run(read_as_server(data, sizes))


@given(frames(FROM_SERVER), SIZES)
@tries(short=150, long=50_000)
def test_a_worker_reads_what_a_server_says(data: bytes, sizes: list[int]) -> None:
    incoming, outgoing = os.pipe()
    inbox = Inbox(incoming)
    try:
        for piece in (*pieces(data, sizes), b""):
            if piece:
                os.write(outgoing, piece)
            else:
                os.close(outgoing)
                outgoing = -1
            messages = inbox.read() if piece or outgoing < 0 else ()
            for message in messages or ():
                kind, payload = wire.untag(message)
                if kind in KINDS:
                    wire.decode(KINDS[kind], payload)
            if outgoing < 0:
                break
    except wire.WireError:
        pass
    finally:
        os.close(incoming)
        if outgoing >= 0:
            os.close(outgoing)
