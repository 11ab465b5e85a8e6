"""`python -m simulations.replay`: one seeded day through the real doors of a running service, and what it shows."""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from core.clock import CHINA_STANDARD_TIME, Clock, RehearsalClock, WallClock
from core.settings import Settings
from simulations import madeup, realcity
from simulations.behaviour import FAULT_MIX, Habits
from simulations.city import City
from simulations.rehearsal import Plan, Progress, Report, rehearse
from simulations.report import as_json, as_tables
from simulations.service import NotServing, Server, run_command

STARTS_AT = datetime(2026, 11, 23, 0, 0, tzinfo=CHINA_STANDARD_TIME)
AUTO_CLOSE_S = 3600
"""An owner who was not reached is left in peace after an hour, so that this deadline is seen to fire as well."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play one day; 0 when every check holds, 1 when one does not, 2 when it could not be played."""
    options = _parser().parse_args(arguments)
    before = signal.signal(signal.SIGTERM, _end)
    console = Console(stderr=True)
    try:
        with tempfile.TemporaryDirectory(prefix="nearside-replay-") as folder:
            report = _play(options, Path(folder), console)
    except (NotServing, FileNotFoundError, ValueError) as error:
        console.print(f"[red]{error}")
        return 2
    finally:
        signal.signal(signal.SIGTERM, before)
    if options.json:
        sys.stdout.write(as_json(report, vars(options)) + "\n")
    else:
        Console().print(as_tables(report))
    return 0 if report.holds else 1


def _end(_number: int, _frame: FrameType | None) -> None:
    """Asked to stop, this process first stops the server that it started."""
    raise SystemExit(128 + signal.SIGTERM)


def _play(options: argparse.Namespace, folder: Path, console: Console) -> Report:
    habits = Habits(mix=_mix(options.faults)) if options.faults else Habits()
    city = _city(options, habits)
    console.print(city.origin)
    database = options.database or f"sqlite:///{folder / 'nearside.db'}"
    server = None
    clock: Clock
    if options.url:
        if not options.database or options.kills:
            raise ValueError("with --url name the server's store by --database, and leave --kills out")
        clock, url = _clock_of_the_server(options.speed), options.url
        environment = {"NEARSIDE_DATABASE": database}
        command = partial(run_command, environment=environment)
    else:
        clock = RehearsalClock(starts_at=STARTS_AT, wall_start=datetime.now(UTC), speed=options.speed)
        server = _server(options, folder, database, clock)
        url, command = server.url, server.run
    plan = Plan(
        city=city,
        database=database,
        folder=folder,
        url=url,
        clock=clock,
        seed=options.seed,
        habits=habits,
        screens=options.screens,
        kills=options.kills,
        day_s=options.hours * 3600,
        command=command,
        server=server,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("setting up", total=len(city.calls))

        def tell(progress: Progress) -> None:
            local = progress.at.astimezone(CHINA_STANDARD_TIME)
            told = f"{local:%d %H:%M}  on board {progress.on_board}  fixes {progress.fixes}  kills {progress.restarts}"
            bar.update(task, completed=progress.calls, description=told)

        return asyncio.run(rehearse(plan, tell))


def _city(options: argparse.Namespace, habits: Habits) -> City:
    day_s = options.hours * 3600
    folder = Path(options.data) if options.data else None
    if folder and folder.is_dir():
        return realcity.load(folder, cases=options.cases, day_s=day_s, seed=options.seed, habits=habits)
    return madeup.make(dealers=options.dealers, cases=options.cases, day_s=day_s, seed=options.seed, habits=habits)


def _server(options: argparse.Namespace, folder: Path, database: str, clock: RehearsalClock) -> Server:
    settings = {
        "NEARSIDE_AUTO_CLOSE_S": str(AUTO_CLOSE_S),
        # A specialist's phone takes part of a wall second, whatever the rehearsed clock does meanwhile.
        "NEARSIDE_OFFER_TIMEOUT_S": str(max(180.0, 2 * options.speed)),
    }
    return Server(
        folder,
        database,
        starts_at=clock.starts_at,
        wall_start=clock.wall_start,
        speed=clock.speed,
        settings=settings,
    )


def _clock_of_the_server(speed: float) -> Clock:
    """The clock of a server that somebody else runs: told by the same settings, or else the wall's."""
    settings = Settings()
    if settings.clock_starts_at is None or settings.clock_wall_start is None:
        if speed != 1:
            raise ValueError(
                "a server with the wall's clock has --speed 1; else give its NEARSIDE_CLOCK_STARTS_AT and "
                "NEARSIDE_CLOCK_WALL_START to this command too"
            )
        return WallClock()
    return RehearsalClock(starts_at=settings.clock_starts_at, wall_start=settings.clock_wall_start, speed=speed)


def _mix(text: str) -> dict[str, float]:
    """`battery=0.3,tyre=0.2` as shares. Raises `ValueError`."""
    mix: dict[str, float] = {}
    for part in text.split(","):
        code, _, share = part.partition("=")
        mix[code.strip()] = float(share)
    return mix


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulations.replay", description=__doc__)
    parser.add_argument("--data", metavar="FOLDER", help="the folder of real data; without it a day is made up")
    parser.add_argument("--url", help="a running service; without it one is started on a store of its own")
    parser.add_argument("--database", metavar="URL", help="the store; needed with --url, else a temporary one")
    parser.add_argument("--cases", type=int, default=300, help="calls of the day (default %(default)s)")
    parser.add_argument("--hours", type=float, default=24.0, help="length of the day (default %(default)s)")
    parser.add_argument("--dealers", type=int, default=12, help="dealers of a made-up city (default %(default)s)")
    parser.add_argument("--speed", type=float, default=60.0, help="times real time (default %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="(default %(default)s)")
    parser.add_argument("--kills", type=int, default=0, help="kill -9 the server so often in mid-day")
    parser.add_argument("--screens", type=int, default=2, help="dispatchers' screens (default %(default)s)")
    parser.add_argument(
        "--faults", metavar="CODE=SHARE,…", help=f"mix of faults (default {','.join(map('='.join, _shares()))})"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    return parser


def _shares() -> list[tuple[str, str]]:
    return [(code, f"{share:g}") for code, share in FAULT_MIX.items()]


if __name__ == "__main__":
    sys.exit(main())
