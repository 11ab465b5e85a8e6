"""`nearside demo`: a working system at once, on a store of its own, with people and vehicles at work in it."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.panel import Panel
from rich.table import Table

from core.settings import Settings
from core.storeurl import shown
from gateway.auth import put_user
from gateway.bootstrap import open_store
from gateway.cli.say import err, out, run
from gateway.cli.serve import listen, prepare, serve_until_stopped
from gateway.logs import set_up_logs
from gateway.roles import OF_A_DEALER, Role, User

DEMO_DEALER = "D01"
"""The dealer of the demonstration city whose people sign in here."""
PARTING_S = 10
TRAFFIC = "simulations.demo"


def demo(settings: Settings) -> None:
    """Start a working system: embedded store, users, a demonstration city with simulated drivers and cases.

    Without --database the store is new each time, and gone afterwards. Example: `nearside demo --port 8000`
    """
    set_up_logs("WARNING" if "log_level" not in settings.model_fields_set else settings.log_level)
    with _store(settings) as own:
        run(prepare(own), database=own.database)
        passwords = run(_sign_ins(own), database=own.database)
        listener = listen(own.host, own.port)
        url = _url(listener)
        traffic: list[subprocess.Popen[bytes]] = []

        def ready() -> None:
            _tell(url, own, passwords)
            traffic.append(_start_traffic(url, own, passwords))

        try:
            code = serve_until_stopped(own, listener, ready=ready)
        finally:
            _end(traffic)
    raise typer.Exit(code)


@contextmanager
def _store(settings: Settings) -> Generator[Settings]:
    if "database" in settings.model_fields_set:
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="nearside-demo-") as folder:
        yield settings.model_copy(update={"database": f"sqlite:///{Path(folder) / 'demo.db'}"})


async def _sign_ins(settings: Settings) -> dict[Role, str]:
    """A user for each role, with a new password each time: nothing of a demonstration is a standing secret."""
    db = open_store(settings)
    passwords = {role: secrets.token_hex(6) for role in Role}
    try:
        for role, password in passwords.items():
            dealer = DEMO_DEALER if role in OF_A_DEALER else ""
            await put_user(db, User(name=role.value, role=role, dealer=dealer), password)
    finally:
        await db.close()
    return passwords


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def _tell(url: str, settings: Settings, passwords: dict[Role, str]) -> None:
    table = Table("user", "password", "role", box=None)
    for role, password in passwords.items():
        dealer = f" of {DEMO_DEALER}" if role in OF_A_DEALER else ""
        table.add_row(role.value, password, f"{role.value}{dealer}")
    out.print(Panel.fit(table, title="Nearside demonstration: sign-ins"))
    for name, path in (
        ("console", "/console"),
        ("dealer", "/dealer"),
        ("OEM", "/oem"),
        ("admin", "/admin"),
        ("API", "/openapi.json"),
        ("fit", "/readyz"),
        ("figures", "/metrics"),
    ):
        out.print(f"{name:9} {url}{path}", markup=False)
    out.print(f"{'store':9} {shown(settings.database)}", markup=False)
    out.print("Ctrl+C stops it.")
    sys.stdout.flush()


def _start_traffic(url: str, settings: Settings, passwords: dict[Role, str]) -> subprocess.Popen[bytes]:
    """People and vehicles, in a process of their own: they come in through the service's real doors only.

    Passwords go by the environment, which other users of the machine cannot read, as they can a command line.
    """
    environment = {
        **os.environ,
        "NEARSIDE_DATABASE": settings.database,
        "NEARSIDE_DEMO_USERNAME": Role.DISPATCHER.value,
        "NEARSIDE_DEMO_PASSWORD": passwords[Role.DISPATCHER],
    }
    return subprocess.Popen(  # noqa: S603  (our own command line)
        [sys.executable, "-m", TRAFFIC, "--url", url], env=environment, stdin=subprocess.DEVNULL
    )


def _end(traffic: list[subprocess.Popen[bytes]]) -> None:
    for process in traffic:
        if process.poll() not in (None, 0):
            err.print(f"nearside: the demonstration's traffic ended with {process.returncode}", style="yellow")
        process.terminate()
        try:
            process.wait(PARTING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
