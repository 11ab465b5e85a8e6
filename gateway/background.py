"""Background tasks under watch: one that ends before its time is never silently missed."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

_log = structlog.stdlib.get_logger(__name__)


class Background:
    """Named tasks that run as long as the process. If one dies, the process is not fit to serve.

    `on_failure` is called once, with the name of the first task that died.
    """

    def __init__(self, on_failure: Callable[[str], None]) -> None:
        self._on_failure = on_failure
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self.failed: str = ""

    @property
    def alive(self) -> bool:
        """Every task that was started is still at work."""
        return not self.failed and all(not task.done() for task in self._tasks.values())

    @property
    def names(self) -> tuple[str, ...]:
        """What was started."""
        return tuple(self._tasks)

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until the process stops."""
        task = asyncio.create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(self._ended)

    def stopping(self) -> None:
        """From now on an ending task is no failure."""
        self._stopping = True

    async def stop(self, timeout_s: float = 5.0) -> None:
        """Give every task `timeout_s` to end by itself, then cancel what is left and wait for it."""
        self.stopping()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks.values(), timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._stopping or task.cancelled():
            return
        name = task.get_name()
        _log.critical("background_task_died", task=name, exc_info=task.exception())
        if not self.failed:
            self.failed = name
            self._on_failure(name)
