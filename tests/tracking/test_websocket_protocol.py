import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datum import Datum, from_wgs84
from core.geo import Position, distance_m
from tracking.protocols.websocket import (
    FRAME_MAX_CHARS,
    SEQ_MAX,
    CompleteFrame,
    FixFrame,
    encode_ack,
    encode_job,
    encode_nack,
    read_frame,
)
from tracking.vocabulary import Fix, Refusal

GOOD: dict[str, Any] = {"type": "fix", "seq": 7, "time": "2026-11-02T16:00:00+08:00", "lat": 31.2, "lon": 121.4}


def text(**changes: Any) -> str:
    return json.dumps({name: value for name, value in (GOOD | changes).items() if value is not ...})


def one(data: str | bytes) -> Fix | Refusal:
    frame = read_frame(data, "T1")
    assert isinstance(frame, FixFrame)
    (item,) = frame.items
    return item


def test_a_fix_is_read_with_its_time_in_utc() -> None:
    expected = Fix(
        terminal_id="T1",
        seq=7,
        time=datetime(2026, 11, 2, 8, 0, tzinfo=UTC),
        position=Position(lat=31.2, lon=121.4),
    )
    assert one(text()) == expected
    assert one(text().encode()) == expected
    assert one(text(later_field=[1, {"x": 2}])) == expected
    assert one(text(seq=SEQ_MAX, lat=31)) != expected
    full = one(text(speed_mps=3, course_deg=360, accuracy_m=0, datum="wgs84"))
    assert isinstance(full, Fix)
    assert (full.speed_mps, full.course_deg, full.accuracy_m) == (3, 360, 0)


@pytest.mark.parametrize("datum", list(Datum))
def test_positions_are_taken_to_wgs84_at_the_door(datum: Datum) -> None:
    lat, lon = from_wgs84(31.2, 121.4, datum)
    read = one(text(lat=lat, lon=lon, datum=datum.value))
    assert isinstance(read, Fix)
    assert distance_m(read.position, Position(lat=31.2, lon=121.4)) < 0.001


@pytest.mark.parametrize(
    "changes",
    [
        {"lat": "31.2"},
        {"lat": True},
        {"lat": None},
        {"lat": ...},
        {"lon": [121.4]},
        {"time": ...},
        {"time": "2026-11-02T16:00:00"},
        {"time": "yesterday"},
        {"time": 1_762_000_000},
        {"time": "0001-01-01T00:00:00+08:00"},
        {"time": "2026-02-30T00:00:00Z"},
        {"speed_mps": -1},
        {"speed_mps": float("nan")},
        {"course_deg": 361},
        {"accuracy_m": -0.5},
        {"accuracy_m": float("inf")},
        {"datum": "wgs72"},
        {"datum": "\ud800"},
    ],
)
def test_a_wrong_field_is_invalid_and_its_fix_is_named(changes: dict[str, Any]) -> None:
    refusal = one(text(**changes))
    assert isinstance(refusal, Refusal)
    assert (refusal.seq, refusal.code) == (7, "invalid")
    assert json.loads(encode_nack(refusal))["seq"] == 7


@pytest.mark.parametrize("lat", [float("nan"), float("inf"), float("-inf"), 90.1, -1e300])
def test_R22_a_number_that_is_no_place_is_an_invalid_position(lat: float) -> None:
    refusal = one(text(lat=lat))
    assert isinstance(refusal, Refusal)
    assert (refusal.seq, refusal.code) == (7, "invalid_position")


def test_R22_swapped_and_zero_positions_go_on_to_be_set_aside() -> None:
    for lat, lon in ((121.4, 31.2), (0, 0)):
        for datum in Datum:
            read = one(text(lat=lat, lon=lon, datum=datum.value))
            assert isinstance(read, Fix)
            assert read.position == Position(lat=lat, lon=lon)


@pytest.mark.parametrize("seq", [..., None, -1, SEQ_MAX + 1, 7.5, 7.0, "7", True, 10**400])
def test_a_fix_without_a_readable_counter_is_refused_without_one(seq: Any) -> None:
    refusal = one(text(seq=seq))
    assert isinstance(refusal, Refusal)
    assert (refusal.seq, refusal.code) == (None, "invalid")


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '"fix"',
        "[" * 100_000,
        '{"type":"fix","seq":1,"extra":' + "[" * 100_000,
        "{" + '"a":' + "1" * 5_000 + "}",
        b"\xff\xfe{}",
        b'{"type":"fix","seq":7,"note":"\xff"}',
        '{"seq":[7]}',
        '{"type":["fix"]}',
        '{"type":"fixes"}',
        '{"type":"fixes","items":[]}',
        '{"type":"fixes","items":{"seq":1}}',
        " " * (FRAME_MAX_CHARS + 1),
    ],
)
def test_a_frame_of_which_nothing_can_be_used_is_refused_whole(data: str | bytes) -> None:
    frame = read_frame(data, "T1")
    assert isinstance(frame, Refusal)
    assert (frame.seq, frame.code) == (None, "invalid")


def test_an_unknown_type_is_refused_with_its_counter() -> None:
    frame = read_frame(text(type="fax"), "T1")
    assert isinstance(frame, Refusal)
    assert (frame.seq, frame.code) == (7, "invalid")


def test_a_thousand_items_are_read_and_one_more_is_too_many() -> None:
    items = [GOOD | {"seq": seq} for seq in range(1001)]
    for item in items[::2]:
        del item["type"]  # inside a list it may be left out
    frame = read_frame(json.dumps({"type": "fixes", "items": items[:1000]}), "T1")
    assert isinstance(frame, FixFrame)
    assert [item.seq for item in frame.items] == list(range(1000))
    assert all(isinstance(item, Fix) for item in frame.items)
    assert isinstance(read_frame(json.dumps({"type": "fixes", "items": items}), "T1"), Refusal)


@pytest.mark.parametrize(
    "bad", [GOOD | {"lat": float("nan")}, GOOD | {"lon": None}, {"type": "complete"}, None, 3, [], "x", {}]
)
def test_a_bad_item_refuses_only_itself(bad: Any) -> None:
    items = [GOOD | {"seq": 1}, bad, GOOD | {"seq": 3}]
    frame = read_frame(json.dumps({"type": "fixes", "items": items}), "T1")
    assert isinstance(frame, FixFrame)
    first, refusal, third = frame.items
    assert isinstance(first, Fix)
    assert isinstance(third, Fix)
    assert (first.seq, third.seq) == (1, 3)
    assert isinstance(refusal, Refusal)


def test_R7_complete_is_read_strictly() -> None:
    assert read_frame('{"type":"complete","seq":8,"time":"2026-11-02T08:00:00Z"}', "T1") == CompleteFrame(
        seq=8, time=datetime(2026, 11, 2, 8, tzinfo=UTC)
    )
    for time in ('"2026-11-02T08:00:00"', "null", '"0001-01-01T00:00:00+08:00"', "NaN"):
        frame = read_frame(f'{{"type":"complete","seq":8,"time":{time}}}', "T1")
        assert isinstance(frame, Refusal)
        assert (frame.seq, frame.code) == (8, "invalid")


def test_answers_are_what_the_contract_says() -> None:
    assert json.loads(encode_ack(7)) == {"type": "ack", "seq": 7}
    refusal = Refusal(seq=None, code="invalid", detail="not JSON")
    assert json.loads(encode_nack(refusal)) == {"type": "nack", "seq": None, "code": "invalid", "detail": "not JSON"}
    assert json.loads(encode_job({"trip": "t1"})) == {"type": "job", "trip": "t1"}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(GOOD)), inner, max_size=5),
    max_leaves=8,
)


@given(
    st.binary(max_size=60)
    | st.text(max_size=60)
    | st.dictionaries(st.sampled_from([*GOOD, "items", "datum"]), _json).map(lambda changes: json.dumps(GOOD | changes))
    | st.lists(_json | st.just(GOOD), max_size=4).map(lambda items: json.dumps({"type": "fixes", "items": items}))
)
def test_whatever_comes_is_answered(data: str | bytes) -> None:
    frame = read_frame(data, "T1")
    items = frame.items if isinstance(frame, FixFrame) else (frame,)
    for item in items:
        if isinstance(item, Refusal):
            assert json.loads(encode_nack(item))["code"] in {"invalid", "invalid_position"}
        else:
            assert 0 <= item.seq <= SEQ_MAX
            assert item.time.utcoffset() is not None
            if isinstance(item, Fix):
                assert abs(item.position.lat) <= 180
                assert abs(item.position.lon) <= 180
