"""The whole job through a real server on a real port, with a real terminal and a real screen; then an orderly end."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from gateway_house import SIGNATURE, acceptance, case_body, dealer_body
from stores import in_environment, new_service
from websockets.exceptions import ConnectionClosed, InvalidStatus

COMMAND = (sys.executable, "-m", "gateway.cli")
PASSWORD = "long enough"


class Server:
    """`nearside serve` as a child process."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NEARSIDE_")},
            **in_environment(new_service(folder)),
        }
        self.folder = folder
        for name, role in (("cac", "dispatcher"), ("d1", "dealer")):
            dealer = ("--dealer", "D1") if role == "dealer" else ()
            added = [*COMMAND, "user", "add", name, "--role", role, *dealer]
            subprocess.run(added, env=self.environment, input=PASSWORD.encode(), check=True, capture_output=True)
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*COMMAND, "serve", "--port", "0"], env=self.environment, stderr=log)

    async def url(self) -> str:
        while not (found := re.search(r"nearside: (http://\S+)", self.log.read_text())):
            assert self.process.poll() is None, self.log.read_text()
            await asyncio.sleep(0.05)
        async with httpx.AsyncClient(base_url=found[1]) as client:
            while True:
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return found[1]
                except httpx.TransportError:
                    assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.05)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    started = await asyncio.to_thread(Server, tmp_path)
    yield started
    started.process.kill()
    started.process.wait()


async def until(socket: Any, **wanted: str) -> dict[str, Any]:
    """The next message that has these values."""
    async with asyncio.timeout(20):
        while True:
            message = json.loads(await socket.recv())
            if all(message.get(name) == value for name, value in wanted.items()):
                return message


@pytest.mark.slow
async def test_the_main_job_by_real_doors(server: Server) -> None:
    url = await server.url()
    sockets = url.replace("http", "ws") + "/api/v1"
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=20) as client:

        async def call(person: str, method: str, path: str, body: Any = None) -> Any:
            headers = {"Authorization": f"Bearer {tokens[person]}"}
            answer = await client.request(method, path, json=body, headers=headers)
            assert answer.status_code < 300, answer.text
            return answer.json()

        tokens = {}
        for person in ("cac", "d1"):
            opened = await client.post("/session", json={"username": person, "password": PASSWORD})
            tokens[person] = opened.json()["token"]
        client.cookies.clear()
        await call("cac", "POST", "/dealers", dealer_body("D1", 31.2310, 121.4737))
        vehicle = {"plate": "沪A00001", "kind": "service", "dealer": "D1", "on_duty": True}
        await call("cac", "POST", "/vehicles", vehicle)
        device = {"terminal_id": "T1", "vehicle": "沪A00001", "protocol": "websocket"}
        terminal_token = (await call("cac", "POST", "/terminals", device))["token"]

        for path in ("/live", "/live?token=x", "/terminals/ws", "/terminals/ws?token=x"):
            with pytest.raises(InvalidStatus) as refused:
                await websockets.connect(sockets + path)
            assert refused.value.response.status_code == 401
            assert json.loads(refused.value.response.body or b"")["code"] == "not_signed_in"

        with pytest.raises(InvalidStatus) as unread:
            await websockets.connect(f"{sockets}/live?since=soon&token={tokens['cac']}")
        assert json.loads(unread.value.response.body or b"")["field"] == "since"

        screen = await websockets.connect(f"{sockets}/live?token={tokens['cac']}")
        assert (await until(screen, type="snapshot"))["cases"] == []
        terminal = await websockets.connect(f"{sockets}/terminals/ws?token={terminal_token}")

        async def fix(seq: int, lat: float, lon: float, speed_mps: float) -> None:
            at = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
            sent = {"type": "fix", "seq": seq, "time": at, "lat": lat, "lon": lon, "speed_mps": speed_mps}
            await terminal.send(json.dumps(sent))
            assert (await until(terminal, type="ack"))["seq"] == seq

        await fix(1, 31.2311, 121.4737, 0.0)
        live = await call("cac", "GET", "/vehicles/live?bbox=121,31,122,32")
        assert [(one["vehicle"], one["state"]) for one in live] == [("沪A00001", "free")]

        case = await call("cac", "POST", "/cases", case_body())
        assert (await until(screen, type="event", kind="case_opened"))["case"] == case["id"]
        offer = await call("cac", "POST", f"/cases/{case['id']}/offers")
        # On GPS, so that no driver's phone is needed (R3).
        trip = await call("d1", "POST", f"/offers/{offer['id']}/accept", acceptance(driver={"name": "陈师傅"}))
        job = await until(terminal, type="job")
        assert (job["trip"], job["case"], job["fault"]) == (trip["id"], case["id"], "battery")
        assert "caller" not in job
        async with websockets.connect(f"{sockets}/terminals/ws?token={terminal_token}") as switched_on_later:
            assert (await until(switched_on_later, type="job"))["trip"] == trip["id"]
        path = f"/trips/{trip['id']}"
        await call("d1", "POST", f"{path}/arrive")
        await call("d1", "PUT", f"{path}/checksheet", {"odometer_km": 1})
        early = {"type": "complete", "seq": 2, "time": datetime.now(UTC).isoformat()}
        await terminal.send(json.dumps(early))
        assert (await until(terminal, type="nack"))["code"] == "unsigned_check_sheet"
        await call("d1", "POST", f"{path}/outcome", {"result": "repaired", "drivable": True})
        await call("d1", "POST", f"{path}/checksheet/sign", {"signer": "李", "signature_svg": SIGNATURE})
        await terminal.send(json.dumps({**early, "seq": 3, "time": datetime.now(UTC).isoformat()}))
        assert (await until(terminal, type="ack"))["seq"] == 3
        assert (await until(screen, type="event", kind="case_completed"))["card"]["status"] == "completed"
        await call("cac", "POST", f"/cases/{case['id']}/survey", {"satisfaction": 80})
        assert (await call("d1", "GET", "/scores"))[0]["score"] == 92.0
        trail = await call("d1", "GET", "/vehicles/沪A00001/trail")
        assert [one["flag"] for one in trail] == ["ok"]

        server.process.send_signal(signal.SIGTERM)
        for socket in (terminal, screen):
            with suppress(ConnectionClosed):
                while await socket.recv():
                    pass
    assert await asyncio.to_thread(server.process.wait, 20) == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    assert not [line for line in lines if line["level"] in ("error", "critical")]
    told = server.log.read_text()
    assert not [secret for secret in (*tokens.values(), terminal_token, "13912345678", "沪A00001") if secret in told]
    shown = [*COMMAND, "scores", "--format", "json"]
    scores = await asyncio.to_thread(subprocess.run, shown, env=server.environment, check=True, capture_output=True)
    assert json.loads(scores.stdout)[0]["kpis"]["satisfaction"]["value"] == 80.0
