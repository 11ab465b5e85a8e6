"""The dealer's own door: jobs that say what to do next, photographs checked by content, people."""

import asyncio
import io
import threading
import warnings
import zlib
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from gateway_house import SCENE, SIGNATURE, House, Person, acceptance
from PIL import Image, ImageOps
from sqlalchemy import update

from core.errors import Invalid
from dispatch import queries
from dispatch.tables import CaseRow
from gateway import photos
from gateway.http import jobs
from gateway.photos import MAX_BYTES, Picture, picture_of


async def job(who: Person) -> dict[str, Any]:
    return (await who.get("/jobs")).json()[0]


async def test_the_first_thing_that_a_job_names_leads_to_its_end(house: House) -> None:
    offer = await house.new_offer()
    asked = await job(house.d1)
    assert asked["next"] == ["accept", "decline"]
    assert (asked["offer"]["id"], asked["offer"]["suggested_vehicle"]) == (offer["id"], "沪A00001")
    assert (asked["offer"]["standard_minutes"], asked["parts"]) == (40, ["battery_12v"])
    assert asked["case"]["caller"]["phone"] == "***"
    assert (await job(house.driver))["next"] == []
    assert (await house.d2.get("/jobs")).json() == []
    trip = (await house.d1.post(f"/offers/{offer['id']}/accept", acceptance())).json()
    bodies: dict[str, Any] = {
        "outcome": {"result": "repaired", "drivable": True},
        "checksheet": {"odometer_km": 1},
        "sign": {"signer": "李女士", "signature_svg": SIGNATURE},
    }
    paths = {"sign": "checksheet/sign"}
    done: list[str] = []
    while (step := (await job(house.driver))["next"][:1]) and step[0] != "change":
        (name,) = step
        if name in done:
            break
        method = "PUT" if name == "checksheet" else "POST"
        answer = await house.driver.send(method, f"/trips/{trip['id']}/{paths.get(name, name)}", json=bodies.get(name))
        assert answer.status_code == 200, (name, answer.text)
        done.append(name)
    assert done == ["depart", "arrive", "checksheet", "outcome", "sign", "complete"]
    assert (await job(house.d1))["next"] == []
    assert (await job(house.d1))["case"]["caller"]["phone"] == "***"  # over, though it still waits for its survey
    assert (await house.d1.get("/jobs/history")).json()[0]["case"]["id"] == trip["case"]


async def test_r19_r7_consent_comes_before_the_work_and_a_tow_is_phoned_in(house: House) -> None:
    trip = await house.on_scene(fault="stuck")
    assert (await job(house.driver))["next"][0] == "consent"
    assert "outcome" not in (await job(house.driver))["next"]
    path = f"/trips/{trip['id']}"
    await house.driver.post(f"{path}/consent", {"signer": "李女士", "signature_svg": SIGNATURE})
    await house.driver.put(f"{path}/checksheet", {"odometer_km": 1})
    await house.driver.post(f"{path}/outcome", {"result": "towed", "drivable": False})
    await house.driver.post(f"{path}/checksheet/sign", {"signer": "李女士", "signature_svg": SIGNATURE})
    assert (await job(house.driver))["next"][0] == "phone_completion"
    assert (await house.driver.post(f"{path}/complete")).status_code == 403


async def test_a_job_is_shown_for_a_day_after_its_end_however_long_it_took(house: House) -> None:
    trip = await house.on_scene()
    cancelled = await house.cac.post(f"/cases/{trip['case']}/cancel", {"by": "customer", "reason": "x"})
    assert cancelled.status_code == 200, cancelled.text
    ended_at = datetime.fromisoformat(cancelled.json()["ended_at"])
    long_ago = update(CaseRow).values(opened_at=ended_at - timedelta(days=3))
    async with house.service.db.write() as session:
        await session.execute(long_ago)
    assert (await job(house.d1))["case"]["id"] == trip["case"]
    async with house.service.db.read() as session:
        (shown,) = await queries.jobs_of(session, "D1", ended_after=ended_at)
        assert shown.id == trip["case"]
        assert await queries.jobs_of(session, "D1", ended_after=ended_at + timedelta(seconds=1)) == []


async def test_the_scene_is_told_in_every_maps_datum(house: House) -> None:
    await house.new_offer()
    points = (await job(house.d1))["navigation"]
    assert points["wgs84"] == {"lat": SCENE["lat"], "lon": SCENE["lon"]}
    assert points["gcj02"]["lat"] == pytest.approx(31.22847, abs=1e-4)
    assert points["bd09"]["lon"] == pytest.approx(121.4847, abs=1e-3)


@pytest.mark.parametrize("who", ["cac", "oem", "admin"])
async def test_jobs_are_a_dealers(house: House, who: str) -> None:
    assert (await house.people[who].get("/jobs")).status_code == 403


def picture(kind: str = "JPEG", **given: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (80, 60), (200, 30, 30)).save(written, kind, **given)
    return written.getvalue()


def sized(width: int, height: int, kind: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height)).save(written, kind)
    return written.getvalue()


def animated() -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:])
    return written.getvalue()


def bomb() -> bytes:
    """A PNG that says it is 60,000 by 60,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    side = (60_000).to_bytes(4, "big")
    header = chunk(b"IHDR", side + side + b"\x08\x02\x00\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


async def put(who: Person, trip: str, name: str, body: bytes, query: str = "phase=before&zone=front") -> Any:
    return await who.send("PUT", f"/trips/{trip}/photos/{name}?{query}", content=body)


async def test_a_photograph_is_kept_once_as_its_pixels_alone(house: House) -> None:
    trip = await house.on_scene()
    exif = Image.Exif()
    exif[0x010E] = "the owner's secret"
    sent = picture(exif=exif)
    first = await put(house.driver, trip["id"], "p-1", sent, "phase=before&zone=front&lat=31.23&lon=121.47")
    assert first.status_code == 200, first.text
    assert (await put(house.driver, trip["id"], "p-1", sent)).json() == first.json()
    assert (await put(house.driver, trip["id"], "p-1", picture("PNG"))).status_code == 409
    assert (await put(house.d1, trip["id"], "p-2", picture("WEBP"), "phase=after")).status_code == 200
    listed = (await house.cac.get(f"/trips/{trip['id']}/photos")).json()
    assert [(one["phase"], one["zone"]) for one in listed] == [("before", "front"), ("after", "other")]
    shown = await house.cac.get(listed[0]["url"].removeprefix("/api/v1"))
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert b"secret" not in shown.content
    for other in (house.d2, house.oem):
        assert (await other.get(f"/photos/{listed[0]['id']}")).status_code == 403
        assert (await put(other, trip["id"], "p-9", sent)).status_code == 403


def scans(count: int) -> bytes:
    """A JPEG that goes over its pixels so often."""
    whole = picture(progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * (count - whole.count(b"\xff\xda") + 1) + whole[-2:]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7 not a picture",
        picture()[:200],
        picture("GIF"),
        animated(),
        bomb(),
        scans(101),
        sized(4_001, 4_000, "PNG"),
    ],
    ids=["nothing", "html", "svg", "pdf", "cut off", "gif", "moving", "bomb", "laborious", "large"],
)
async def test_what_is_no_photograph_is_refused(house: House, body: bytes) -> None:
    trip = await house.on_scene()
    answer = await put(house.driver, trip["id"], "p-1", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid", "photo")
    assert (await house.driver.get(f"/trips/{trip['id']}/photos")).json() == []


@pytest.mark.parametrize("sent", [scans(100), sized(4_032, 3_024, "JPEG")], ids=["progressive", "a phone's"])
def test_what_a_camera_or_a_program_writes_is_a_photograph(sent: bytes) -> None:
    assert picture_of(sent).width in (80, 2_048)


async def test_two_photographs_are_read_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    trip = await house.on_scene()
    begun: list[bytes] = []
    go_on = threading.Event()

    def held(sent: bytes) -> Picture:
        begun.append(sent)
        go_on.wait()
        return picture_of(sent)

    monkeypatch.setattr(jobs, "picture_of", held)
    came = asyncio.gather(*(put(house.driver, trip["id"], f"p-{number}", picture()) for number in range(6)))
    waiting = jobs._PICTURES._work_queue
    for _ in range(1_500):
        if len(begun) + waiting.qsize() == 6:
            break
        await asyncio.sleep(0.02)
    try:
        assert (len(begun), waiting.qsize()) == (2, 4)
    finally:
        go_on.set()
    assert {answer.status_code for answer in await came} == {200}


def with_another_behind_it() -> bytes:
    """As some phones' cameras write a JPEG."""
    return picture("MPO", save_all=True, append_images=[Image.new("RGB", (80, 60), "blue")])


def test_a_cameras_second_picture_is_left_out() -> None:
    kept = picture_of(with_another_behind_it())
    with Image.open(io.BytesIO(kept.content)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (80, 60))


def held_sideways() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif)


def test_no_odd_byte_of_a_cameras_words_is_the_services_fault() -> None:
    """A picture or refused: with any other error a phone would send the same for ever."""
    whole = held_sideways()
    for place in range(20, 130):
        for value in range(0, 256, 3):
            odd = bytearray(whole)
            odd[place] = value
            with suppress(Invalid), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                picture_of(bytes(odd))


@pytest.mark.parametrize("held", range(1, 9))
def test_a_picture_is_kept_upright_however_it_was_held(held: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = held
    image = Image.new("RGB", (80, 60), "white")
    image.paste("red", (0, 0, 20, 15))
    written = io.BytesIO()
    image.save(written, "PNG", exif=exif)
    with Image.open(io.BytesIO(picture_of(written.getvalue()).content)) as kept:
        expected = ImageOps.exif_transpose(Image.open(written)).convert("RGB")
        assert kept.size == expected.size
        far = max(abs(a - b) for a, b in zip(kept.tobytes(), expected.tobytes(), strict=True))
    assert far < 128  # JPEG's error, where red for white would be 255


async def test_a_photograph_has_its_limits(house: House) -> None:
    trip = await house.on_scene()
    too_long = await put(house.driver, trip["id"], "p-1", b"\xff" * (MAX_BYTES + 1))
    assert (too_long.status_code, too_long.json()["field"]) == (422, "photo")
    assert (await put(house.driver, trip["id"], "p-1", b"\xff" * 1_100_000)).status_code == 413
    assert (await put(house.driver, trip["id"], "..", picture())).status_code in (404, 405)
    wrong = await put(house.driver, trip["id"], "p-1", picture(), "phase=during")
    assert wrong.json()["field"] == "phase"


async def test_old_photographs_are_forgotten_all_of_them_and_no_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "_AT_ONCE", 2)
    trip = await house.on_scene()
    for number in range(5):
        assert (await put(house.driver, trip["id"], f"p-{number}", picture())).status_code == 200
    come = house.service.clock.now()
    await photos.forget_photos(house.service.db, come - timedelta(minutes=1))
    assert len((await house.driver.get(f"/trips/{trip['id']}/photos")).json()) == 5
    await photos.forget_photos(house.service.db, come + timedelta(minutes=1))
    assert (await house.driver.get(f"/trips/{trip['id']}/photos")).json() == []


async def test_a_trip_has_no_more_photographs_than_it_may_however_many_come_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "MOST", 2)
    trip = await house.on_scene()
    sent = [put(house.driver, trip["id"], f"p-{number}", picture()) for number in range(6)]
    answers = await asyncio.gather(*sent, put(house.driver, trip["id"], "p-0", picture()))
    assert len((await house.driver.get(f"/trips/{trip['id']}/photos")).json()) == 2
    refused = [one for one in answers if one.status_code != 200]
    assert {(one.status_code, one.json()["field"]) for one in refused} == {(422, "photo")}
    assert len(refused) in (4, 5)  # the one that was sent twice may have been kept


async def test_r10_a_dealers_people_and_who_changed_what(house: House) -> None:
    added = (await house.d1.post("/people", {"name": "陈师傅", "phone": "13800000002"})).json()
    assert (added["dealer"], added["on_duty"], added["drives"]) == ("D1", True, True)
    changed = (await house.d1.patch(f"/people/{added['id']}", {"on_duty": False})).json()
    assert changed["on_duty"] is False
    assert [one["name"] for one in (await house.cac.get("/people?dealer=D1")).json()] == ["陈师傅"]
    assert (await house.d2.get("/people")).json() == []
    assert (await house.d2.patch(f"/people/{added['id']}", {"name": "x"})).status_code == 403
    assert (await house.d2.post("/people", {"dealer": "D1", "name": "x"})).status_code == 403
    assert (await house.cac.post("/people", {"name": "x"})).json()["field"] == "dealer"
    assert (await house.oem.get("/people")).status_code == 403
