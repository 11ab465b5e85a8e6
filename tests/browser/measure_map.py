"""`python tests/browser/measure_map.py`: how long a full map keeps the page's main thread, and how old a fix is on it.

2,000 vehicles with a fix each 10 s and 300 open cases, on a real service, in Chromium that draws by software: the worst
machine that a console will meet. `update` is the time from a batch of positions to the map's being told; `blocked` are
the long tasks that the browser itself reports, its drawing included.
"""

import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]

from playwright.sync_api import WebSocket, sync_playwright
from town import apart, open_town

from core.database import Database
from core.places import load_places
from simulations.bench import Result, machine, report
from simulations.bench_decide import driving
from simulations.national import make, put_on_record, scenes

VEHICLES, CASES, EVERY_S, SECONDS = 2_000, 300, 10, 40
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
WATCH = """
window.blocked = [];
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.blocked.push(one.duration); })
  .observe({ type: 'longtask', buffered: false });
"""


async def _fill(database: str, national: Any) -> None:
    db = Database(database)
    await put_on_record(db, national, datetime.now(UTC))
    await db.close()


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    """Measure once, and print one object."""
    places = load_places()
    national = make(places, dealers=100, vehicles=VEHICLES, seed=1)
    where = scenes(places, national, 1)
    ages_ms: list[float] = []

    def heard(frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["type"] == "positions":
            now = time.time()
            ages_ms.extend((now - datetime.fromisoformat(item[5]).timestamp()) * 1000 for item in message["items"])

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", heard)

    with tempfile.TemporaryDirectory() as folder, open_town(Path(folder)) as town, sync_playwright() as driver:
        apart(_fill(f"sqlite:///{next(Path(folder).glob('store-*.db'))}", national))
        for number in range(CASES):
            scene = next(where)
            location = {"lat": scene.lat, "lon": scene.lon}
            town.new_case(
                location=location, car={"plate": f"沪A{number:05d}"}, fault=random.choice(["battery", "tyre"])
            )
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        town.enter(context, "zhang")
        page = context.new_page()
        port = int(town.url.rpartition(":")[2])
        with driving(national, port, terminals=VEHICLES, per_s=VEHICLES / EVERY_S) as stop:
            page.on("websocket", listen)
            page.goto(f"{town.url}/console")
            page.locator(".board-row").first.wait_for()
            page.wait_for_timeout(10_000)
            page.evaluate("performance.clearMeasures('positions')")
            page.evaluate(WATCH)
            ages_ms.clear()
            page.wait_for_timeout(SECONDS * 1000)
            updates: list[float] = page.evaluate("performance.getEntriesByName('positions').map((one) => one.duration)")
            blocked: list[float] = page.evaluate("window.blocked")
            pace = stop()
        page.screenshot(path=HERE.parents[1] / "artefacts" / "screens" / "measured-map.png")
        browser.close()
    results = [
        Result(
            name="update", value=_share(updates, 0.95), unit="ms", facts={"count": len(updates), "max": max(updates)}
        ),
        Result(
            name="blocked",
            value=_share(blocked, 0.95),
            unit="ms",
            facts={
                "long_tasks": len(blocked),
                "max": max(blocked, default=0),
                "share": sum(blocked) / (SECONDS * 1000),
            },
        ),
        Result(name="fix_in_browser_p99", value=_share(ages_ms, 0.99), unit="ms", facts={"count": len(ages_ms)}),
        Result(name="fixes", value=pace["acked"] / pace["seconds"], unit="fixes/s"),
    ]
    print(report("map", machine(vehicles=VEHICLES, cases=CASES), results))


if __name__ == "__main__":
    main()
