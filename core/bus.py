"""The in-process bus: what was committed is told to whoever listens. Nothing is told that was not committed.

The bus only wakes and hints; truth is in the store. A listener that was away reads the log.
"""

import asyncio
from typing import Any, TypeVar

T = TypeVar("T")


class Bus:
    """Delivers each message to every queue opened for its type, in order."""

    def __init__(self) -> None:
        self._queues: dict[type[Any], list[asyncio.Queue[Any]]] = {}

    def publish(self, message: object) -> None:
        """Hand `message` to those who listen to exactly its type. Call it after the commit."""
        for queue in self._queues.get(type(message), ()):
            queue.put_nowait(message)

    def listen(self, kind: type[T]) -> asyncio.Queue[T]:
        """A queue of all messages of `kind` published from now on."""
        queue: asyncio.Queue[T] = asyncio.Queue()
        self._queues.setdefault(kind, []).append(queue)
        return queue
