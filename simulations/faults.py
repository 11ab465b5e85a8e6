"""`python -m simulations.faults`: what is acknowledged survives kills, outages, full disks and stepped clocks.

Three gateway processes on private servers take fixes and cases while one fault after another is made; after each
the store and the screens are asked whether every promise was kept.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from simulations.campaign.catalogue import CATALOGUE
from simulations.campaign.load import Rates
from simulations.campaign.rounds import Outcome, Plan, hold
from simulations.campaign.told import as_json, as_tables
from simulations.private import NoServer, installed
from simulations.service import NotServing

TIMES = 5
GATEWAYS = 3
CALM_S = 8.0
MEMORY_MB = 600.0
RATES = Rates()


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold the campaign; 0 when every claim held, 1 when one did not, 2 when it could not be held."""
    options = _parser().parse_args(arguments)
    console = Console()
    if not installed():
        console.print("[red]PostgreSQL and Redis are needed: Debian's postgresql-15-postgis-3 and redis-server")
        return 2
    plan = Plan(
        faults=[fault for fault in CATALOGUE if not options.only or fault.name in options.only],
        times=options.times,
        gateways=options.gateways,
        rates=Rates(
            fixes_per_s=options.fixes, cases_per_s=options.cases, dealers=options.dealers, screens=options.screens
        ),
        calm_s=options.seconds,
        memory_mb=options.memory,
    )
    # However it is ended, its servers end with it.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    began_s = time.monotonic()
    try:
        outcome = _held(plan)
    except (NoServer, NotServing, TimeoutError) as error:
        console.print(f"could not be held: {error!r}", style="red", markup=False)
        return 2
    finally:
        signal.signal(signal.SIGTERM, before)
    took_s = time.monotonic() - began_s
    if options.json:
        console.print_json(as_json(outcome, vars(options), took_s))
    else:
        console.print(as_tables(outcome, plan, took_s))
    return 0 if outcome.holds else 1


def _held(plan: Plan) -> Outcome:
    console = Console(stderr=True)
    if not console.is_terminal:
        return asyncio.run(hold(plan, console.log))
    shown = Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console)
    with shown:
        doing = shown.add_task("", total=None)
        return asyncio.run(hold(plan, lambda text: shown.update(doing, description=text)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulations.faults", description=__doc__)
    names = [fault.name for fault in CATALOGUE]
    parser.add_argument("--times", type=int, default=TIMES, help="rounds of each fault (default %(default)s)")
    parser.add_argument("--only", action="append", choices=names, help="only this fault; may be repeated")
    parser.add_argument("--seconds", type=float, default=CALM_S, help="calm before and after (default %(default)s)")
    parser.add_argument("--fixes", type=float, default=RATES.fixes_per_s, help="a second (default %(default)s)")
    parser.add_argument("--cases", type=float, default=RATES.cases_per_s, help="a second (default %(default)s)")
    parser.add_argument("--dealers", type=int, default=RATES.dealers, help="with vehicles (default %(default)s)")
    parser.add_argument("--screens", type=int, default=RATES.screens, help="at each process (default %(default)s)")
    parser.add_argument("--gateways", type=int, default=GATEWAYS, help="processes (default %(default)s)")
    parser.add_argument("--memory", type=float, default=MEMORY_MB, help="MB for a process (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one object instead of tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
