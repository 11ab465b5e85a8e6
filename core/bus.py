"""The bus within a process: what was committed is told to whoever listens. Nothing is told that was not committed.

The bus only wakes and hints; truth is in the store. A listener that was away reads the log.
"""

import asyncio
from typing import Any, TypeVar

T = TypeVar("T")


class Bus:
    """Delivers each message to every queue opened for its type, in order."""

    def __init__(self) -> None:
        self._queues: dict[type[Any], list[asyncio.Queue[Any]]] = {}
        self._own: dict[type[Any], list[asyncio.Queue[Any]]] = {}

    def publish(self, message: object) -> None:
        """Hand `message` to those who listen to exactly its type. Call it after the commit."""
        for queue in (*self._queues.get(type(message), ()), *self._own.get(type(message), ())):
            queue.put_nowait(message)

    def pass_on(self, message: object) -> None:
        """The same for what another process has committed: those who listen to this one alone do not hear it."""
        for queue in self._queues.get(type(message), ()):
            queue.put_nowait(message)

    def listen(self, kind: type[T], *, own: bool = False) -> asyncio.Queue[T]:
        """A queue of all messages of `kind` from now on; with `own`, only of those published in this process."""
        queue: asyncio.Queue[T] = asyncio.Queue()
        (self._own if own else self._queues).setdefault(kind, []).append(queue)
        return queue
