"""The messages and the board that a screen makes of them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_desk import START, card

from core.errors import Invalid
from core.geo import BBox
from gateway.live.protocol import (
    Board,
    Event,
    FeedBroken,
    Heartbeat,
    Positions,
    Refusal,
    Snapshot,
    apply,
    apply_all,
    decode,
    encode,
)
from gateway.live.view import parse_view

SNAPSHOT = Snapshot(
    seq=7,
    now=START,
    cases=[card("a"), card("b", "offered", "D1")],
    vehicles=[{"plate": "V1", "kind": "tow", "lat": 31.0, "lon": 121.0, "fix_time": "2026-11-23T04:00:00Z"}],
)


def changed(seq: int, case: str, status: str) -> Event:
    return Event(seq=seq, kind="case_changed", case=case, actor="system", at=START, data={}, card=card(case, status))


def test_an_event_puts_its_card_on_the_board_and_an_ended_case_leaves_it() -> None:
    board = apply_all(Board(), [SNAPSHOT, changed(8, "c", "open"), changed(9, "a", "closed")])
    assert (board.seq, sorted(board.cards)) == (9, ["b", "c"])


@pytest.mark.parametrize("status", ["closed", "cancelled", "failed"])
def test_every_final_status_leaves_the_board(status: str) -> None:
    assert "a" not in apply_all(Board(), [SNAPSHOT, changed(8, "a", status)]).cards


def test_what_the_board_knows_already_changes_nothing() -> None:
    board = apply(Board(), SNAPSHOT)
    assert apply_all(board, [changed(7, "a", "closed"), Heartbeat(seq=7, now=START)]) == board


@pytest.mark.parametrize("message", [changed(9, "a", "open"), Heartbeat(seq=8, now=START)])
def test_a_missing_event_is_an_error(message: Event | Heartbeat) -> None:
    with pytest.raises(FeedBroken):
        apply(apply(Board(), SNAPSHOT), message)


def test_in_a_partial_feed_the_numbers_jump_and_heartbeats_move_them_on() -> None:
    board = apply(Board(), msgspec.structs.replace(SNAPSHOT, partial=True))
    board = apply_all(board, [changed(12, "a", "closed"), Heartbeat(seq=40, now=START)])
    assert (board.seq, sorted(board.cards)) == (40, ["b"])


def test_a_card_that_may_not_be_seen_any_more_leaves_the_board() -> None:
    board = apply(Board(), SNAPSHOT)
    gone = Event(seq=8, kind="case_changed", case="a", actor="system", at=START, data={}, card=None)
    assert sorted(apply(board, gone).cards) == ["b"]


def test_positions_move_vehicles_and_a_whole_set_forgets_the_others() -> None:
    item = ("V2", 30.0, 120.0, None, 90.0, START)
    told = [{"plate": "V2", "kind": "service"}]
    board = apply_all(Board(), [SNAPSHOT, Positions(items=[item], vehicles=told)])
    assert sorted(board.vehicles) == ["V1", "V2"]
    assert board.vehicles["V2"] == {
        "plate": "V2",
        "kind": "service",
        "lat": 30.0,
        "lon": 120.0,
        "speed_mps": None,
        "course_deg": 90.0,
        "fix_time": "2026-11-23T04:00:00Z",
    }
    assert sorted(apply(board, Positions(items=[item], vehicles=told, whole=True)).vehicles) == ["V2"]


@pytest.mark.parametrize(
    "message",
    [
        SNAPSHOT,
        changed(8, "a", "open"),
        Positions(items=[("V2", 30.0, 120.0, 3.5, None, START)], vehicles=[], whole=True),
        Heartbeat(seq=8, now=START, speed=60.0),
        Refusal(code="invalid", detail="no"),
    ],
)
def test_every_message_reads_back_as_it_was_written(
    message: Snapshot | Event | Positions | Heartbeat | Refusal,
) -> None:
    assert decode(encode(message)) == message


def test_a_view_is_a_box_or_the_whole_map() -> None:
    assert parse_view('{"type":"view","bbox":[121,31,122,32.5]}') == BBox(west=121, south=31, east=122, north=32.5)
    assert parse_view(b'{"bbox":null,"type":"view"}') is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type":"view"}',
        '{"bbox":[1,2,3,4]}',
        '{"type":"fix","bbox":[1,2,3,4]}',
        '{"type":"view","bbox":[1,2,3]}',
        '{"type":"view","bbox":[1,2,3,4,5]}',
        '{"type":"view","bbox":[3,2,1,4]}',
        '{"type":"view","bbox":[1,4,3,2]}',
        '{"type":"view","bbox":[1,2,1,4]}',
        '{"type":"view","bbox":[-181,2,3,4]}',
        '{"type":"view","bbox":[1,2,3,91]}',
        '{"type":"view","bbox":[NaN,2,3,4]}',
        '{"type":"view","bbox":[1e999,2,3,4]}',
        '{"type":"view","bbox":[true,2,3,4]}',
        '{"type":"view","bbox":["1",2,3,4]}',
        '{"type":"view","bbox":[1,2,3,4],"more":1}',
        '{"type":"view","bbox":[1,2,3,4]' + " " * 1024 + "}",
        b"\xff\xfe",
        "\ud800",
    ],
)
def test_anything_else_is_refused(text: str | bytes) -> None:
    with pytest.raises(Invalid):
        parse_view(text)


@given(st.one_of(st.text(), st.binary()))
def test_no_text_at_all_breaks_the_reader(text: str | bytes) -> None:
    with pytest.raises(Invalid):
        parse_view(text)
