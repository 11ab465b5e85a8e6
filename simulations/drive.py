"""One vehicle's terminal, driven by hand: `python -m simulations.drive TOKEN FROM TO` posts fixes in real time.

The vehicle goes straight at city speed, then stands at its goal until the service can see that it has arrived.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from websockets.asyncio.client import connect

from core.geo import Position, bearing_deg, distance_m

INTERVAL_S = 2.0
STANDS_S = 40.0


def route(start: Position, goal: Position, speed_mps: float) -> Iterator[tuple[Position, float]]:
    """The position and speed at each interval: on the way, then standing."""
    steps = max(1, round(distance_m(start, goal) / (speed_mps * INTERVAL_S)))
    for step in range(steps):
        share = step / steps
        yield (
            Position(lat=start.lat + (goal.lat - start.lat) * share, lon=start.lon + (goal.lon - start.lon) * share),
            speed_mps,
        )
    for _ in range(round(STANDS_S / INTERVAL_S)):
        yield goal, 0.0


async def drive(url: str, token: str, start: Position, goal: Position, speed_mps: float) -> None:
    """Post every fix and wait for its acknowledgement: once that has come, the fix is stored."""
    course_deg = bearing_deg(start, goal)
    async with connect(f"{url}/api/v1/terminals/ws?token={token}") as socket:
        for seq, (at, speed) in enumerate(route(start, goal, speed_mps), start=1):
            fix = {
                "type": "fix",
                "seq": seq,
                "time": datetime.now(UTC).isoformat(),
                "lat": round(at.lat, 6),
                "lon": round(at.lon, 6),
                "speed_mps": speed,
                "course_deg": round(course_deg, 1),
                "accuracy_m": 5,
            }
            await socket.send(json.dumps(fix))
            answer = json.loads(await socket.recv())
            while answer["type"] == "job":
                answer = json.loads(await socket.recv())
            print(f"{fix['time']} {fix['lat']:.6f},{fix['lon']:.6f} {answer['type']} {answer['seq']}", flush=True)
            await asyncio.sleep(INTERVAL_S)


def position(text: str) -> Position:
    """`31.2304,121.4737` as a position."""
    lat, lon = (float(part) for part in text.split(","))
    return Position(lat=lat, lon=lon)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("token", help="the terminal's token")
    parser.add_argument("start", metavar="FROM", type=position, help="latitude,longitude (WGS-84)")
    parser.add_argument("goal", metavar="TO", type=position, help="latitude,longitude (WGS-84)")
    parser.add_argument("--url", default="ws://127.0.0.1:8000")
    parser.add_argument("--speed-mps", type=float, default=12.0)
    options = parser.parse_args()
    asyncio.run(drive(options.url, options.token, options.start, options.goal, options.speed_mps))


if __name__ == "__main__":
    main()
