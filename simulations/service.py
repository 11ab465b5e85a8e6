"""The service as a child process: started on a store of its own, killed in mid-run where asked, stopped by its id."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from simulations.doors import Door

START_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
COMMAND = (sys.executable, "-m", "gateway.cli")


class NotServing(Exception):
    """The service did not come up, or a command of its command line failed."""


class Server:
    """`nearside serve` on one store (its URL) and one port, with its own clock or that of a rehearsal."""

    def __init__(
        self,
        folder: Path,
        database: str,
        *,
        settings: Mapping[str, str],
        starts_at: datetime | None = None,
        wall_start: datetime | None = None,
        speed: float = 1,
    ) -> None:
        self.database = database
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "server.log"
        self._environment = {
            **os.environ,
            "NEARSIDE_DATABASE": database,
            "NEARSIDE_HOST": "127.0.0.1",
            "NEARSIDE_PORT": str(self.port),
            "NEARSIDE_LOG_LEVEL": "WARNING",
            **settings,
        }
        if starts_at and wall_start:
            self._environment |= {
                "NEARSIDE_CLOCK_SPEED": str(speed),
                "NEARSIDE_CLOCK_STARTS_AT": starts_at.isoformat(),
                "NEARSIDE_CLOCK_WALL_START": wall_start.isoformat(),
            }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def run(self, *arguments: str, typed: str = "") -> str:
        """Run a command of `nearside` on this store and give what it printed. Raises `NotServing`."""
        return run_command(*arguments, environment=self._environment, typed=typed)

    def start(self) -> None:
        """Start the process; it is ready when its door says so."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (our own command line)
                [*COMMAND, "serve"], env=self._environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    async def until_ready(self, door: Door) -> float:
        """Wait until the service is fit to serve; give the wall seconds it took. Raises `NotServing`."""
        began = time.monotonic()
        while not await door.ready():
            if self._process is None or self._process.poll() is not None:
                raise NotServing(f"the server ended by itself:\n{self.last_words()}")
            if time.monotonic() - began > START_WITHIN_S:
                raise NotServing(f"the server is not ready after {START_WITHIN_S:.0f} s:\n{self.last_words()}")
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    def kill(self) -> None:
        """`kill -9`: no goodbye, nothing flushed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def stop(self) -> int:
        """Ask it to end, and give its exit code."""
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(process.wait, STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def last_words(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-3000:] if self._log.exists() else ""


def run_command(*arguments: str, environment: Mapping[str, str], typed: str = "") -> str:
    """Run `nearside` with `arguments`, typing `typed` into it. Raises `NotServing` where it fails."""
    done = subprocess.run(  # noqa: S603  (our own command line)
        [*COMMAND, *arguments],
        env={**os.environ, **environment},
        input=typed.encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace")[-2000:]
        raise NotServing(f"nearside {' '.join(arguments)}: exit code {done.returncode}\n{said}")
    return done.stdout.decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
