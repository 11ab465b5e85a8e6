"""`nearside serve`: the service, in one process or several."""

import os
import signal
import socket
from collections.abc import Callable
from datetime import datetime
from types import FrameType

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from core.settings import Settings
from gateway import fitness, heap, schema
from gateway.app import create_app
from gateway.basemap import check_tiles
from gateway.bootstrap import open_store
from gateway.cli.say import err, fail, run
from gateway.logs import set_up_logs

MAX_FRAME_BYTES = 4 * 1024 * 1024
"""Above what is read as a frame, so that one that is too long is answered instead of closing its socket."""
PARTING_S = 5
HEALTH_S = 30
"""A worker process that does not answer its supervisor for so long is started anew."""
WORKER = "gateway.app:app_of_a_worker"


def serve(settings: Settings) -> None:
    """Run the service until it is stopped. It refuses to start on a store or a Redis that is not fit.

    Examples: `nearside serve --database sqlite:///nearside.db --port 8000` ·
    `nearside serve --database postgresql://nearside@localhost/nearside --redis redis://localhost/0 --workers 4`
    """
    set_up_logs(settings.log_level)
    run(prepare(settings), database=settings.database)
    listener = listen(settings.host, settings.port)
    if settings.workers > 1:
        raise typer.Exit(_serve_by_workers(settings, listener))
    raise typer.Exit(serve_until_stopped(settings, listener))


async def prepare(settings: Settings) -> None:
    """Have the embedded store's schema up to date, and everything else as it is needed; raises where it is not."""
    fitness.check_processes(settings)
    check_tiles(settings)
    db = open_store(settings)
    try:
        if db.embedded:
            await schema.prepare(db)
    finally:
        await db.close()
    await fitness.check_all(settings)


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

    server = _Server(_config(create_app(settings, on_failure=on_failure, opened=heap.settle)), ready)
    # The server hands a signal on, once it has stopped in order; by then there is nothing left to do about it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _nothing)
    _say_where(listener)
    server.run(sockets=[listener])
    if died:
        err.print(f"nearside: stopped, because a part of it died: {died[0]}", style="red", markup=False)
    return 1 if died or not server.started else 0


def _serve_by_workers(settings: Settings, listener: socket.socket) -> int:
    """Serve by several processes on one port. One that dies is started anew; they read the settings as we did."""
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        os.environ[f"NEARSIDE_{name.upper()}"] = value.isoformat() if isinstance(value, datetime) else str(value)
    _say_where(listener)
    Multiprocess(_config(WORKER, workers=settings.workers), sockets=[listener]).run()
    return 0


def _config(app: object, *, workers: int = 1) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        factory=isinstance(app, str),
        workers=workers,
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        timeout_graceful_shutdown=PARTING_S,
        timeout_worker_healthcheck=HEALTH_S,
        lifespan="on",
        server_header=False,
    )


def _say_where(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    err.print(f"nearside: http://{host}:{port}", markup=False)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A signal that has been dealt with."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._ready:
            self._ready()
