"""How the command line speaks: answers on standard output, everything else on standard error."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DatabaseError

from core.errors import NearsideError
from core.storeurl import shown

T = TypeVar("T")

_WIDE = 160
"""Columns where nobody looks at a terminal: a file or a pipe is not folded at 80."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what is wrong and end the command."""
    err.print(f"nearside: {message}", style="red", markup=False)
    raise typer.Exit(code)


def run(work: Coroutine[Any, Any, T], *, database: str, asked_wrongly: tuple[type[NearsideError], ...] = ()) -> T:
    """Run a command's work; what goes wrong in an expected way is said in one line.

    An error among `asked_wrongly` ends the command with exit code 2, any other with 1.
    """
    try:
        return asyncio.run(work)
    except NearsideError as error:
        where = f"{error.field}: " if error.field else ""
        fail(f"{where}{error.detail} ({error.code})", 2 if isinstance(error, asked_wrongly) else 1)
    except (DatabaseError, OSError) as error:
        fail(f"the database {shown(database)} cannot be used: {first_line(error)}")


def first_line(error: Exception) -> str:
    """The first line of what an error says, the database's own words where there are some."""
    cause = error.orig if isinstance(error, DatabaseError) and error.orig else error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__


@contextmanager
def progress_bar(title: str) -> Generator[Callable[[int, int], None]]:
    """A bar on standard error, where that is a terminal; told (done, of how many)."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield tell
