"""A real server that many short tries share, asked without `await`, as Hypothesis wants it."""

from __future__ import annotations

import asyncio
from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from typing_extensions import Self

from tests.protocol.client import PATIENCE, Client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection
    from types import TracebackType

    from tests.protocol.client import Json, Message

T = TypeVar("T")


class SharedServer:
    """`client` may be used between calls, too: what it sends goes out with the next one."""

    def __init__(self, **start: Json) -> None:
        self._loop = asyncio.new_event_loop()
        self.client: Client = self.run(Client.start(**start))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.run(self.client.kill())
        finally:
            self._loop.close()

    def run(self, work: Awaitable[T]) -> T:
        return self._loop.run_until_complete(work)

    def request(self, method: str, params: Json) -> Json:
        return self.run(self.client.request(method, params))

    def settle(self) -> None:
        self.run(self.client.settle())

    def wait(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    def wait_for_answers(self, asked: Collection[Json]) -> None:
        """Until each of them has one or has had its time: some are answered beside the others."""
        give_up = monotonic() + PATIENCE
        self.settle()
        while not set(asked) <= count_responses(self.client.messages).keys() and monotonic() < give_up:
            self.wait(0.01)

    def taken(self) -> list[Message]:
        """What the server said since this was asked last; the client forgets it."""
        said, self.client.messages[:] = list(self.client.messages), []
        return said


def count_responses(said: list[Message]) -> Counter[Json]:
    """How often each request was answered; None stands for what had no readable id."""
    return Counter(message["id"] for message in said if "method" not in message)
