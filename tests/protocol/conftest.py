"""Servers for a test; none outlives it, and none may have logged a traceback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.protocol.client import Client

StartClient = Callable[..., Awaitable[Client]]


class Clients:
    """Starts clients as `Client.start` and `Client.launch` do, and remembers them."""

    def __init__(self) -> None:
        self.running: list[Client] = []

    async def start(self, *arguments: Any, **named: Any) -> Client:
        self.running.append(await Client.start(*arguments, **named))
        return self.running[-1]

    async def launch(self, *arguments: Any, **named: Any) -> Client:
        self.running.append(await Client.launch(*arguments, **named))
        return self.running[-1]


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    started = Clients()
    yield started
    for client in started.running:
        await client.kill()
    for client in started.running:
        assert "Traceback" not in client.stderr, client.stderr


@pytest.fixture
async def client(clients: Clients) -> Client:
    """A server that was initialized by a client that can do everything; nothing is trusted."""
    return await clients.start()
