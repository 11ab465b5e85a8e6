"""PostgreSQL with PostGIS and Redis of one's own: on a temporary folder and a socket in it, never on a shared port.

For rehearsals, fault campaigns, benchmarks and tests. The servers come from Debian's packages.
"""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import psycopg
import redis

POSTGRESQL_BIN = Path("/usr/lib/postgresql/15/bin")
REDIS_SERVER = Path("/usr/bin/redis-server")
OWNER = "postgres"
"""PostgreSQL refuses to run as root; Debian's package brings this user."""
START_WITHIN_S = 30.0
STOP_WITHIN_S = 30.0


class NoServer(Exception):
    """A server is not installed, or did not come up."""


def installed() -> bool:
    """Whether both servers are on this machine."""
    return (POSTGRESQL_BIN / "postgres").exists() and REDIS_SERVER.exists()


class PrivatePostgres:
    """One PostgreSQL server. With `durable` false it does not wait for the disk: for tests that prove no durability."""

    def __init__(
        self, folder: Path, *, data: Path | None = None, durable: bool = False, settings: Sequence[str] = ()
    ) -> None:
        """`folder` is made here if it is not there, `data` in it unless named; `settings` are `name=value`."""
        self.folder = folder
        self.log = folder / "postgresql.log"
        self._data = data or folder / "data"
        self._settings = ["listen_addresses=", "max_connections=200", "log_timezone=UTC", *settings]
        if not durable:
            self._settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the server is there; it ends by itself where it cannot write its log."""
        return self._process is not None and self._process.poll() is None

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={quote(str(self.folder), safe='')}"

    def start(self) -> None:
        """Make the cluster where there is none, start the server and wait until it answers. Raises `NoServer`."""
        if not (POSTGRESQL_BIN / "postgres").exists():
            raise NoServer("PostgreSQL is not installed: Debian's postgresql-15-postgis-3 brings it")
        if not self._data.exists():
            self._make_cluster()
        options = [part for setting in self._settings for part in ("-c", setting)]
        with self.log.open("ab") as log:
            self._process = self._as_owner("postgres", "-D", str(self._data), "-k", str(self.folder), *options, log=log)
        began = time.monotonic()
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - began > START_WITHIN_S:
                raise NoServer(f"PostgreSQL did not come up:\n{self.last_words()}")
            time.sleep(0.05)

    def create(self, database: str, *, template: str = "", postgis: bool = True) -> str:
        """A new database, a copy of `template` where one is named; gives its URL."""
        copied = f' TEMPLATE "{template}"' if template else ""
        with self._connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{database}"{copied}'.encode())
        if postgis and not template:
            with self._connect(database) as connection:
                connection.execute(b"CREATE EXTENSION IF NOT EXISTS postgis")
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        with self._connect("postgres") as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'.encode())

    def use_up_log(self, segments: int) -> None:
        """Go on to the next segment of the write-ahead log so often: without space, the server ends in panic."""
        try:
            with self._connect("postgres") as connection:
                for _ in range(segments):
                    connection.execute("SELECT pg_logical_emit_message(false, 'nearside', 'next'), pg_switch_wal()")
        except psycopg.OperationalError:
            return  # it has

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT in order, SIGQUIT at once without a checkpoint, SIGKILL as a crash would."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def last_words(self) -> str:
        """The end of its log."""
        return _tail(self.log)

    def _make_cluster(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            owner = pwd.getpwnam(OWNER)
            for path in (self.folder, self._data):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        made = self._as_owner(
            "initdb", "-D", str(self._data), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
        )
        if made.wait() != 0:
            raise NoServer("initdb failed")

    def _as_owner(self, program: str, *arguments: str, log: object = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        as_root = os.geteuid() == 0
        return subprocess.Popen(  # noqa: S603  (a server of Debian's package)
            [str(POSTGRESQL_BIN / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,  # type: ignore[arg-type]
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            user=OWNER if as_root else None,
            group=OWNER if as_root else None,
            extra_groups=[] if as_root else None,
            start_new_session=True,
        )

    def _answers(self) -> bool:
        try:
            with self._connect("postgres") as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.folder), user=OWNER, dbname=database, autocommit=True)


class PrivateRedis:
    """One Redis server that keeps nothing on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's URL."""
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start the server and wait until it answers. Raises `NoServer`."""
        if not REDIS_SERVER.exists():
            raise NoServer("Redis is not installed: Debian's redis-server brings it")
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (a server of Debian's package)
                [
                    str(REDIS_SERVER),
                    *("--port", "0", "--unixsocket", str(self._socket)),
                    *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        began = time.monotonic()
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - began > START_WITHIN_S:
                raise NoServer(f"Redis did not come up:\n{_tail(self.folder / 'redis.log')}")
            time.sleep(0.02)

    def empty(self) -> None:
        """Forget everything, as after an eviction or a wrong command."""
        client: Any = _client(self.url)
        client.flushall()
        client.close()

    def stop(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_WITHIN_S)
            self._process = None

    def _answers(self) -> bool:
        client: Any = _client(self.url)
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()


def _client(url: str) -> Any:
    return cast("Any", redis.Redis).from_url(url)  # its types are partly unknown


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""
