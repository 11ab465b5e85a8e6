"""A file's lines into the store, some at a time: each batch is kept whole, and done again where it was not."""

import asyncio
from collections import ChainMap
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from core.errors import Conflict, NearsideError, StoreUnavailable
from core.turns import take_turn
from dispatch.desk import Act, Desk
from gateway.imports.report import Progress, Report

BATCH = 200
"""Lines kept in one transaction: short enough that no other writer waits long."""
AGAIN = 3
"""How often a batch is done again, when somebody else recorded the same just then or the store did not answer."""
PAUSE_S = 1.0
"""Waited before the second try, twice as long before the third, and so on: whoever was in the way gets past."""

L = TypeVar("L")
K = TypeVar("K")


@dataclass(slots=True, kw_only=True)
class Batch(Generic[K]):
    """What becomes of some lines; it counts once their transaction is committed, and not before."""

    report: Report = field(default_factory=Report)
    first: ChainMap[str, K] = field(default_factory=ChainMap[str, K])
    """What the file first told of each thing, in these lines or before them."""
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    """The new terminals' secret tokens, by terminal."""

    def following(self) -> "Batch[K]":
        """The batch after this one, with nothing in it yet."""
        return Batch(first=self.first.new_child())

    def add(self, following: "Batch[K]") -> None:
        """The batch after this one was kept as well."""
        self.report.add(following.report)
        self.first.update(following.first.maps[0])
        self.tokens.update(following.tokens)


class Stopped(Exception):
    """An import ended before its file did: `report` tells of the lines until then, which are kept, `error` why."""

    def __init__(self, report: Report, error: NearsideError) -> None:
        super().__init__(str(error))
        self.report = report
        self.error = error


Keep = Callable[[Act, L, Batch[K]], Awaitable[None]]
"""Judge one line and keep it, or reject it in the batch's report; a rejected line leaves no trace in the act."""


async def keep_all(
    desk: Desk,
    lines: Sequence[L],
    actor: str,
    progress: Progress,
    *,
    into: Batch[K],
    keep: Keep[L, K],
    before_commit: Callable[[Batch[K]], None] | None = None,
) -> None:
    """Keep the good ones among `lines` and tell `into` of all. Raises `Stopped`.

    `before_commit` is called with all that a batch is about to commit, each time that it is done.
    """

    async def kept(some: Sequence[L]) -> Batch[K]:
        batch = into.following()
        async with desk.act(actor) as act:
            # Two files with the same things in another order would stand in each other's way again and again.
            await take_turn(act.session, "import")
            for line in some:
                await keep(act, line, batch)
            if before_commit:
                before_commit(batch)
        return batch

    for start in range(0, len(lines), BATCH):
        some = lines[start : start + BATCH]
        try:
            into.add(await _again(partial(kept, some)))
        except NearsideError as error:
            raise Stopped(into.report, error) from error
        progress(start + len(some), len(lines))


async def _again(work: Callable[[], Awaitable[Batch[K]]]) -> Batch[K]:
    """Whatever was in the way, the transaction was undone: what is recorded by now is seen at the next try."""
    for tried in range(1, AGAIN + 1):
        try:
            return await work()
        except (Conflict, StoreUnavailable):
            await asyncio.sleep(tried * PAUSE_S)
    return await work()
