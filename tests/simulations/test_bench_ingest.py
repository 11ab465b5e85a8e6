"""The benchmark of the terminals' door: what it prints, and that nothing counts as acknowledged that was not."""

import asyncio
import json
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from websockets.frames import Frame, Opcode

from simulations.firehose import Line, NotAcknowledged, tracks

LOADS = ("single", "batch16", "single_fleet")


class Wire:
    """Takes what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


def opened_line(in_flight: int) -> tuple[Line, Wire]:
    driven = tracks(10, 4, datetime(2026, 11, 2, 8, tzinfo=UTC), random.Random(1))
    line, wire = Line("/", driven[0], in_flight), Wire()
    line.connection_made(cast(asyncio.Transport, wire))
    line.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    return line, wire


def said(text: str, opcode: Opcode = Opcode.TEXT) -> bytes:
    return Frame(opcode, text.encode()).serialize(mask=False)


async def test_only_frames_acknowledged_wholly_make_room_for_more() -> None:
    line, wire = opened_line(in_flight=3)
    frames = line._track.frames  # pyright: ignore[reportPrivateUsage]
    line.allow(8)
    assert wire.written[1:] == [b"".join(frames[:3])]
    answers = said('{"type":"ack","seq":7}') + said("", Opcode.PING) + said('{"type":"ack","seq":12}')
    for at in range(len(answers)):  # as it comes, one byte at a time
        line.data_received(answers[at : at + 1])
    assert (line.acked, line.acked_fixes) == (3, 12)
    assert [sent for sent in wire.written[2:] if sent in frames] == list(frames[3:4])
    assert wire.written[-1] == b"".join(frames[4:6])
    waiting = asyncio.create_task(line.answered())
    await asyncio.sleep(0)
    line.data_received(said('{"type":"ack","seq":24}'))
    line.data_received(said('{"type":"ack","seq":32}'))
    await waiting


@pytest.mark.parametrize("answer", ['{"type":"nack","seq":4,"code":"invalid","detail":""}', '{"type":"job"}'])
async def test_whatever_is_no_ack_fails_the_run(answer: str) -> None:
    line, _ = opened_line(in_flight=3)
    line.allow(2)
    waiting = asyncio.create_task(line.answered())
    await asyncio.sleep(0)
    line.data_received(said(answer))
    with pytest.raises(NotAcknowledged):
        await waiting
    with pytest.raises(NotAcknowledged):
        await line.answered()


@pytest.mark.slow
@pytest.mark.own_store
def test_every_figure_is_printed_beside_its_peers_of_the_same_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulations.bench_ingest", "--json", "--seconds", "0.5"]
    store = f"sqlite:///{tmp_path / 'bench.db'}"
    done = subprocess.run([*command, "--database", store], capture_output=True, check=True)
    report = json.loads(done.stdout)
    assert (report["bench"], report["machine"]["store"]) == ("ingest", "sqlite")
    found = {result["name"]: result for result in report["results"]}
    peers = {f"{peer}_{load}" for peer in ("decode_only", "naive") for load in LOADS}
    assert found.keys() == {*LOADS, "stall", *peers}
    for load in LOADS:
        ours = found[load]
        assert ours["unit"] == "fixes/s/core"
        # A server that only decodes does less, and one that commits each fix does more.
        assert ours["ratios"]["decode_only_cpu"] > 1
        assert ours["ratios"]["naive"] > 1
        rounded = found[f"decode_only_{load}"]["value"] / ours["value"]
        assert ours["ratios"]["decode_only_cpu"] == pytest.approx(rounded, abs=0.02)
