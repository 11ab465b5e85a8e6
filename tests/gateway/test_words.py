"""Words and forms: the catalogue is whole; plates, phones, times and spans are read as people write them."""

from datetime import UTC, datetime
from enum import StrEnum

import pytest

from core import errors
from core.clock import CHINA_STANDARD_TIME
from core.datum import Datum
from core.errors import NearsideError
from dispatch import vocabulary as d
from dispatch.alarms import AlarmKind
from dispatch.events import EVENT_TYPES
from dispatch.faults import FAULTS
from dispatch.proximity import Skip
from dispatch.tasks import TaskKind
from gateway.catalogue import catalogue, language_of, word
from gateway.http.fields import normal_phone, normal_plate, official_plate, parse_time
from gateway.periods import moment_of
from gateway.roles import Role
from scoring.vocabulary import Counted, Kpi, Reason
from tracking import vocabulary as t

SHOWN: dict[str, type[StrEnum]] = {
    "channel": d.Channel,
    "case.status": d.CaseStatus,
    "offer.status": d.OfferStatus,
    "trip.status": d.TripStatus,
    "result": d.Result,
    "energy": d.Energy,
    "drive": d.Drive,
    "scope": d.Scope,
    "cancelled_by": d.CancelledBy,
    "source": d.Source,
    "datum": Datum,
    "role": Role,
    "vehicle.kind": t.VehicleKind,
    "vehicle.state": t.VehicleState,
    "protocol": t.Protocol,
    "flag": t.FixFlag,
    "reason": Skip,
    "counted": Counted,
    "score_reason": Reason,
    "kpi": Kpi,
    "alarm": AlarmKind,
    "task": TaskKind,
}


def test_the_catalogue_has_two_languages_for_everything_that_is_shown() -> None:
    codes = [one.code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, NearsideError)]
    needed = {f"{prefix}.{member.value}" for prefix, enum in SHOWN.items() for member in enum}
    needed |= {f"event.{kind}" for kind in EVENT_TYPES}
    needed |= {f"fault.{code}" for code in FAULTS}
    needed |= {f"problem.{code}" for code in (*codes, "internal", "method_not_allowed")}
    needed |= {
        f"doubt.{doubt}"
        for doubt in ("near_border", "no_polygon", "coarse", "far_from_city", "outside_stated_city", "unknown_city")
    }
    assert not sorted(needed - catalogue().keys())
    for key, words in catalogue().items():
        assert words.keys() == {"zh", "en"}, key
        assert all(words.values()), key


def test_the_fault_tables_names_are_the_catalogues() -> None:
    for fault in FAULTS.values():
        assert (word(f"fault.{fault.code}"), word(f"fault.{fault.code}", "en")) == (fault.name_zh, fault.name_en)


def test_a_key_without_words_shows_its_last_part() -> None:
    assert word("event.something_new") == "something_new"


@pytest.mark.parametrize(
    ("asked", "language"),
    [("", "zh"), ("*", "zh"), ("en", "en"), ("en-US,en;q=0.9,zh;q=0.8", "en"), ("zh,en", "zh"), ("en;q=x", "zh")],
)
def test_chinese_unless_english_is_asked_for(asked: str, language: str) -> None:
    assert language_of(asked) == language


@pytest.mark.parametrize(
    ("given", "kept", "official"),
    [
        ("沪A·12345", "沪A12345", True),
        ("沪 a 12345", "沪A12345", True),
        ("沪AD12345", "沪AD12345", True),
        ("粤Z1234港", "粤Z1234港", True),
        ("京A1234警", "京A1234警", True),
        ("苏E12345F", "苏E12345F", True),
        ("沪A1234", "沪A1234", False),
        ("沪AI2345", "沪AI2345", False),
        ("TEST001", "TEST001", False),
        ("\uff21\uff11", "A1", False),
    ],
)
def test_plates(given: str, kept: str, official: bool) -> None:
    assert (normal_plate(given), official_plate(normal_plate(given))) == (kept, official)


@pytest.mark.parametrize(
    "phone",
    [
        "13800000000",
        "+86 138-0000-0000",
        "021-51330126",
        "(021) 5133 0126",
        "400-820-8820",
        "110",
        "12122",
        "",
        "021-51330126/51330122",
        "400-820-1234转5",
        "+1 202 555 0123",
        "138.0000.0000",
    ],
)
def test_phones_as_people_write_them(phone: str) -> None:
    assert normal_phone(phone) == phone


@pytest.mark.parametrize(
    "phone", ["no", "12", "1" * 30, "138-0000-0000x", "/", "<b>13800000000", "call 13800000000", "一三八"]
)
def test_what_is_no_phone(phone: str) -> None:
    with pytest.raises(ValueError, match="not a phone"):
        normal_phone(phone)


def test_a_date_is_a_day_of_china_standard_time_and_inclusive_as_an_end() -> None:
    assert moment_of("2026-10-01", parse_time) == datetime(2026, 9, 30, 16, tzinfo=UTC)
    assert moment_of("2026-10-01", parse_time, end=True) == datetime(2026, 10, 1, 16, tzinfo=UTC)
    at_eight = datetime(2026, 10, 1, 8, tzinfo=CHINA_STANDARD_TIME)
    for text in ("2026-10-01T08:00:00+08:00", "2026-10-01T08:00:00 08:00", "2026-10-01t00:00:00.000000001z"):
        assert moment_of(text, parse_time) == moment_of(text, parse_time, end=True) == at_eight


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-01T08:00:00",
        "2026-10-01T08:00Z",
        "2026-13-01T00:00:00Z",
        "20261001T000000Z",
        "2026-W40-1",
        "now",
        "2026-10-01T08:00:00+08",
        "٢٠٢٦-10-01T08:00:00Z",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_time(text)
