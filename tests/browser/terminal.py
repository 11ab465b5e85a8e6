"""A GPS terminal that drives a straight way in real time, over its real socket, beside the browser's thread."""

import json
import threading
from datetime import UTC, datetime
from types import TracebackType

from websockets.sync.client import connect

EVERY_S = 0.5


class Terminal:
    """Drives from `start` to `end` (lat, lon) at `speed_mps`, then stands there until the block ends."""

    def __init__(
        self, url: str, token: str, start: tuple[float, float], end: tuple[float, float], *, steps: int
    ) -> None:
        self._address = f"{url.replace('http', 'ws')}/api/v1/terminals/ws?token={token}"
        self._start, self._end, self._steps = start, end, steps
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drive, daemon=True)
        self.acknowledged = 0

    def __enter__(self) -> "Terminal":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(10)

    def _drive(self) -> None:
        with connect(self._address) as line:
            seq = 0
            while not self._stop.wait(EVERY_S):
                share = min(1.0, seq / self._steps)
                lat, lon = (a + (b - a) * share for a, b in zip(self._start, self._end, strict=True))
                seq += 1
                now = datetime.now(UTC).isoformat()
                fix = {
                    "type": "fix",
                    "seq": seq,
                    "time": now,
                    "lat": lat,
                    "lon": lon,
                    "speed_mps": 15,
                    "course_deg": 250,
                }
                line.send(json.dumps(fix))
                while json.loads(line.recv()).get("type") != "ack":
                    pass
                self.acknowledged = seq
