"""`nearside bench`: this product measured against the bare limit in one run."""

import subprocess
import sys
from typing import Annotated

import typer

from core.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def decide(settings: Settings, *, json: Json = False) -> None:
    """How long an offer takes among 1,000 dealers and 10,000 vehicles, while 5,000 fixes a second come in.

    Without --database the store is new and gone afterwards; one that is named must be new, and is filled.
    Example: `nearside bench decide --json`
    """
    _measure("simulations.bench_decide", settings, json=json)


def _measure(module: str, settings: Settings, *, json: bool) -> None:
    """Run a benchmark, which prints by itself, in a process of its own, and end with its exit code."""
    command = [sys.executable, "-m", module]
    if "database" in settings.model_fields_set:
        command += ["--database", settings.database]
    measured = subprocess.run(  # noqa: S603  (our own command line)
        [*command, *(["--json"] if json else [])], stdin=subprocess.DEVNULL, check=False
    )
    raise typer.Exit(measured.returncode)
