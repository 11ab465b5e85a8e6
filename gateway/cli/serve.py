"""`nearside serve`: the service, in one process."""

import gc
import signal
import socket
from collections.abc import Callable
from types import FrameType

import typer
import uvicorn

from core.settings import Settings
from gateway import schema
from gateway.app import create_app
from gateway.bootstrap import open_store
from gateway.cli.say import err, fail, run
from gateway.logs import set_up_logs

MAX_FRAME_BYTES = 4 * 1024 * 1024
"""Above what is read as a frame, so that one that is too long is answered instead of closing its socket."""
PARTING_S = 5
GARBAGE_AT_LEAST = 10_000
"""The collector looks for cycles when so many objects were made and not freed: a batch of fixes is not yet a reason."""


def serve(settings: Settings) -> None:
    """Run the service until it is stopped.

    Example: `nearside serve --database sqlite:///nearside.db --port 8000`
    """
    set_up_logs(settings.log_level)
    run(prepare(settings), database=settings.database)
    raise typer.Exit(serve_until_stopped(settings, listen(settings.host, settings.port)))


async def prepare(settings: Settings) -> None:
    """Have the schema as it is needed. Raises where the database cannot be used."""
    db = open_store(settings)
    try:
        await schema.prepare(db)
    finally:
        await db.close()


def listen(host: str, port: int) -> socket.socket:
    """Take the port, or say that it is taken and end the command."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        fail(f"port {port} on {host} cannot be had: {error.strerror or error}")
    return listener


def serve_until_stopped(settings: Settings, listener: socket.socket, *, ready: Callable[[], None] | None = None) -> int:
    """Serve on `listener` until SIGTERM or SIGINT; give the exit code: 1 when a part of the service died."""
    died: list[str] = []

    def on_failure(task: str) -> None:
        died.append(task)
        server.should_exit = True

    config = uvicorn.Config(
        create_app(settings, on_failure=on_failure),
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        timeout_graceful_shutdown=PARTING_S,
        lifespan="on",
        server_header=False,
    )
    server = _Server(config, ready)
    # The server hands a signal on, once it has stopped in order; by then there is nothing left to do about it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _nothing)
    host, port = listener.getsockname()[:2]
    err.print(f"nearside: http://{host}:{port}", markup=False)
    server.run(sockets=[listener])
    if died:
        err.print(f"nearside: stopped, because a part of it died: {died[0]}", style="red", markup=False)
    return 1 if died or not server.started else 0


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A signal that has been dealt with."""


def _settle_memory() -> None:
    """Spare the collector of cyclic garbage what stays for good: boundaries, models, routes, most of the process.

    To look through all of that again takes a tenth of a second, in which nobody is answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AT_LEAST, 10, 10)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _settle_memory()
        if self.started and self._ready:
            self._ready()
