"""The least that a server can do with terminals' frames: decode and discard them. It promises nothing.

    python -m simulations.decode_only --port N

It stands on the same server as the product and acknowledges as seldom as the product does: once for all that came
on a line within a window. What it costs is what no service that is written this way can go below.
"""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec
import uvicorn
from starlette.types import Receive, Scope, Send

WINDOW_S = 0.02


class Fix(msgspec.Struct, tag_field="type", tag="fix"):
    """One fix, with no more checks than its types."""

    seq: int
    time: datetime
    lat: float
    lon: float
    speed_mps: float | None = None
    course_deg: float | None = None
    accuracy_m: float | None = None


class Fixes(msgspec.Struct, tag_field="type", tag="fixes"):
    """Many of them."""

    items: list[Fix]


_decode = msgspec.json.Decoder(Fix | Fixes).decode


async def app(_scope: Scope, receive: Receive, send: Send) -> None:
    """One terminal's line."""
    await receive()
    await send({"type": "websocket.accept"})
    covered, waiting, due = 0, False, asyncio.Event()

    def end_window() -> None:
        nonlocal waiting
        waiting = False
        due.set()

    async def acknowledge() -> None:
        while True:
            await due.wait()
            due.clear()
            await send({"type": "websocket.send", "text": f'{{"type":"ack","seq":{covered}}}'})

    acknowledging = asyncio.create_task(acknowledge())
    loop = asyncio.get_running_loop()
    while (message := await receive())["type"] == "websocket.receive":
        frame = _decode(message["text"])
        covered = frame.seq if isinstance(frame, Fix) else frame.items[-1].seq
        if not waiting:
            waiting = True
            loop.call_later(WINDOW_S, end_window)
    acknowledging.cancel()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m simulations.decode_only", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    uvicorn.run(app, port=options.port, ws="websockets-sansio", log_config=None, access_log=False, lifespan="off")


if __name__ == "__main__":
    main()
