"""Dealers from a table."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from core.datum import Datum
from core.errors import Invalid, NearsideError
from core.places import Places
from dispatch import queries
from dispatch.desk import Act, Desk
from dispatch.vocabulary import Dealer, Person
from gateway.http.fields import no_controls, normal_phone
from gateway.http.requests import DealerIn
from gateway.imports.batches import Batch, keep_all
from gateway.imports.report import Progress, Report
from gateway.imports.text import Row, read_table
from gateway.network import sited

COLUMNS = (
    "code",
    "name",
    "city_code",
    "lat",
    "lon",
    "datum",
    "phone",
    "specialist_name",
    "specialist_phone",
)


_Kept = tuple[int, Dealer]
"""A dealer, and the line that tells of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    dealer: Dealer
    findings: tuple[tuple[str, str], ...]


async def import_dealers(desk: Desk, raw: bytes, actor: str, progress: Progress) -> Report:
    """Keep the good rows of a table of dealers. Raises `MissingColumns` or `Stopped`."""
    rows = read_table(raw, COLUMNS)
    done = Batch[_Kept]()
    try:
        await keep_all(desk, rows, actor, progress, into=done, keep=partial(_keep, desk.places))
    finally:
        _shared(done.first.values(), done.report)
    return done.report


async def _keep(places: Places, act: Act, row: Row, batch: Batch[_Kept]) -> None:
    report = batch.report
    try:
        read = _read(places, row)
        new = await queries.add_dealer(act.session, read.dealer)
    except NearsideError as error:
        report.reject(row.line, error)
        return
    report.count(new=new)
    for code, detail in read.findings:
        report.find(row.line, code, detail)
    first = batch.first.setdefault(read.dealer.code, (row.line, read.dealer))
    if first[0] != row.line:
        report.find(row.line, "duplicate_code", f"the same dealer as in line {first[0]}")


def _read(places: Places, row: Row) -> _Read:
    if row.fault:
        raise Invalid(row.fault)
    findings: list[tuple[str, str]] = []
    phones = {name: row[name] for name in ("phone", "specialist_phone")}
    for name, phone in phones.items():
        try:
            phones[name] = normal_phone(phone)
        except ValueError:
            phones[name] = _readable(phone, name)
            findings.append(("doubtful_phone", f"{name} does not look like a phone number"))
    body = _checked(row)
    place = sited(places, body.location.lat, body.location.lon, body.location.datum, body.city_code)
    findings.extend((doubt, _EXPLAINED.get(doubt, doubt)) for doubt in place.doubts)
    dealer = Dealer(
        code=body.code,
        name=body.name,
        city_code=place.city_code,
        site=place.site,
        phone=phones["phone"][:40],
        specialist=Person(name=body.specialist.name, phone=phones["specialist_phone"][:40]),
        brands=tuple(body.brands),
        region=body.region,
    )
    return _Read(dealer=dealer, findings=tuple(findings))


def _readable(text: str, column: str) -> str:
    try:
        return no_controls(text)
    except ValueError as error:
        raise Invalid(str(error), field=column) from error


_EXPLAINED = {
    "outside_stated_city": "the position lies outside the stated city",
    "unknown_city": "the stated city's code is not known",
    "near_border": "the position lies near a city border",
    "no_polygon": "the position lies in no city's area",
    "far_from_city": "the position lies far from any city",
}


def _checked(row: Row) -> DealerIn:
    brands = [brand.strip() for brand in row["brands"].replace(";", "|").split("|") if brand.strip()]
    try:
        return DealerIn.model_validate(
            {
                "code": row["code"],
                "name": row["name"],
                "city_code": row["city_code"],
                "location": {
                    "lat": number(row, "lat"),
                    "lon": number(row, "lon"),
                    "datum": (row["datum"] or Datum.WGS84.value).lower().replace("-", ""),
                },
                "specialist": {"name": row["specialist_name"], "phone": ""},
                "brands": brands,
                "region": row["region"],
            }
        )
    except ValidationError as error:
        raise invalid(error) from error


def number(row: Row, column: str) -> float:
    """A cell as a number. Raises `Invalid`."""
    try:
        return float(row[column])
    except ValueError as error:
        raise Invalid("not a number" if row[column] else "missing", field=column) from error


def invalid(error: ValidationError) -> Invalid:
    """The first thing wrong with a row, without its value."""
    first = error.errors(include_input=False, include_url=False)[0]
    return Invalid(first["msg"], field=".".join(str(part) for part in first["loc"]))


def _shared(kept: Iterable[_Kept], report: Report) -> None:
    """Different dealers at the very same place: one of them was probably put on the city's centre."""
    by_place: dict[tuple[float, float], list[_Kept]] = defaultdict(list)
    for line, dealer in kept:
        by_place[round(dealer.site.lat, 6), round(dealer.site.lon, 6)].append((line, dealer))
    for sharing in by_place.values():
        _find_shared(sharing, report)


def _find_shared(sharing: Sequence[_Kept], report: Report) -> None:
    if len(sharing) < 2:
        return
    for line, dealer in sharing:
        others = ", ".join(other.code for _, other in sharing if other.code != dealer.code)
        report.find(line, "shared_position", f"the same position as {others[:200]}")
