"""The line between a browser and the service, which a test may cut as a tunnel does: nothing comes through at all."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit

PIECE = 65_536


class Line:
    """Relays bytes both ways between whoever connects to `url` and the service at the address given."""

    def __init__(self, service: str) -> None:
        """`service` is the service's own URL."""
        parts = urlsplit(service)
        self._service = (parts.hostname or "", parts.port or 0)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self._whole = True
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()

    def __enter__(self) -> "Line":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        _hang_up(self._door)

    def cut(self) -> None:
        """End every connection; whoever tries anew is hung up on before a byte was heard."""
        with self._lock:
            self._whole = False
            for end in self._ends:
                _hang_up(end)
            self._ends.clear()

    def mend(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._whole = True

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return  # the test is over
            with self._lock:
                if not self._whole:
                    near.close()
                    continue
                far = socket.create_connection(self._service)
                self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):  # cut, or hung up on
        while piece := source.recv(PIECE):
            sink.sendall(piece)
    _hang_up(sink)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):  # the other side was first
        end.shutdown(socket.SHUT_RDWR)
    end.close()
