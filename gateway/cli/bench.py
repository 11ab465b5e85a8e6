"""`nearside bench`: this product measured against the bare limit in one run."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from core.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def decide(settings: Settings, *, json: Json = False) -> None:
    """How long an offer takes among 1,000 dealers and 10,000 vehicles, while 5,000 fixes a second come in.

    Without --database the store is new and gone afterwards; one that is named must be new, and is filled.
    Example: `nearside bench decide --json`
    """
    with _store(settings) as database:
        _measure("simulations.bench_decide", database, json=json)


@contextmanager
def _store(settings: Settings) -> Generator[str]:
    if "database" in settings.model_fields_set:
        yield settings.database
        return
    with tempfile.TemporaryDirectory(prefix="nearside-bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'bench.db'}"


def _measure(module: str, database: str, *, json: bool) -> None:
    """Run a benchmark, which prints by itself, in a process of its own, and end with its exit code."""
    command = [sys.executable, "-m", module, "--database", database, *(["--json"] if json else [])]
    measured = subprocess.run(  # noqa: S603  (our own command line)
        command, env={**os.environ, "NEARSIDE_DATABASE": database}, stdin=subprocess.DEVNULL, check=False
    )
    raise typer.Exit(measured.returncode)
