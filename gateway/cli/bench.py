"""`nearside bench`: this product measured against the bare limit in the same run, ratios printed.

Measuring is the rehearsals' trade, and no door may lean on them: each benchmark is a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from core.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]
Seconds = Annotated[float, typer.Option(min=0.5, max=60, help="at most so long on each server")]


def ingest(settings: Settings, *, json: Json = False, seconds: Seconds = 5.0) -> None:
    """Fixes acknowledged after commit on one processor, beside a server that only decodes, and a naive one.

    The store is one of its own, on the disk and gone afterwards, whatever the settings say.
    Example: `nearside bench ingest --json`
    """
    window = {"NEARSIDE_INGEST_WINDOW_S": str(settings.ingest_window_s)}
    _measure("simulations.bench_ingest", "--seconds", str(seconds), json=json, environment=window)


def decide(settings: Settings, *, json: Json = False) -> None:
    """How long an offer takes among 1,000 dealers and 10,000 vehicles, while 5,000 fixes a second come in.

    Without --database the store is new and gone afterwards; one that is named must be new, and is filled.
    Example: `nearside bench decide --json`
    """
    store = ["--database", settings.database] if "database" in settings.model_fields_set else []
    _measure("simulations.bench_decide", *store, json=json)


def feed(settings: Settings, *, json: Json = False, seconds: Seconds = 15.0) -> None:
    """How long a fix takes to 50 live screens, while 5,000 fixes a second come in.

    Without --database the store is new and gone afterwards; one that is named must be new, and is filled.
    Example: `nearside bench feed --json`
    """
    store = ["--database", settings.database] if "database" in settings.model_fields_set else []
    _measure("simulations.bench_feed", "--seconds", str(seconds), *store, json=json)


def _measure(module: str, *arguments: str, json: bool, environment: Mapping[str, str] | None = None) -> None:
    """Run a benchmark, which prints by itself, in a process of its own, and end with its exit code."""
    command = [sys.executable, "-m", module, *arguments, *(["--json"] if json else [])]
    done = subprocess.run(  # noqa: S603  (our own command line)
        command, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, check=False
    )
    raise typer.Exit(done.returncode)
