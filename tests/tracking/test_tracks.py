"""Many ways at once: the store's thinning against the same done one by one."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from msgspec.structs import replace
from tracking_build import NOW, fit, fix_at, place

from core.database import Database
from core.geo import BBox
from tracking.fixes import flagged, is_coarse
from tracking.fixstore import store_fixes
from tracking.queries import seen_in, tracks
from tracking.vocabulary import Fix, FixFlag, trail_key

START = NOW - timedelta(hours=1)


def drive(rng: Random, plate: str) -> list[Fix]:
    """Northward at some 10 m/s, by two terminals whose seconds coincide at times; some fixes coarse, some far off."""
    fixes: list[Fix] = []
    for seq in range(300):
        second = rng.choice((seq * 4, seq * 4, seq * 4 + 0.25))
        fix = fix_at(second, second * 10, terminal_id=f"T{plate}{rng.randrange(2)}", seq=seq)
        if seq % 11 == 0:
            fix = replace(fix, accuracy_m=550.0)
        fixes.append(replace(fix, position=place(90_000)) if seq % 40 == 15 else fix)
    return fixes


def thinned(fixes: Sequence[Fix], first_s: float, last_s: float, step_s: int) -> list[Fix]:
    kept: dict[int, Fix] = {}
    for fix in sorted(fixes, key=trail_key):
        second = (fix.time - START).total_seconds()
        if first_s <= second <= last_s and not is_coarse(fix):
            kept.setdefault(int((second - first_s) // step_s), fix)
    way = list(kept.values())
    return [fix for fix, flag in zip(way, flagged(way), strict=True) if flag is FixFlag.OK]


async def test_a_way_is_thinned_to_the_first_usable_fix_of_each_step(db: Database) -> None:
    rng = Random(11)
    trails = {f"P{name}": drive(rng, name) for name in "ABC"}
    await fit(db, "ABCD")
    async with db.write() as session:
        await store_fixes(session, [(plate, fix) for plate, fixes in trails.items() for fix in fixes])
    for first_s, last_s, step_s in ((0, 1200, 1), (0, 1200, 30), (101.5, 900, 7), (40, 40, 60)):
        start, end = START + timedelta(seconds=first_s), START + timedelta(seconds=last_s)
        async with db.read() as session:
            found = await tracks(session, ["PA", "PC", "PD", "nobody"], start, end, step_s=step_s)
        expected = {plate: thinned(trails[plate], first_s, last_s, step_s) for plate in ("PA", "PC")}
        assert found == {plate: way for plate, way in expected.items() if way}
    assert all(0 < len(thinned(fixes, 0, 1200, 30)) <= 41 for fixes in trails.values())
    jumping = [fix for fix in trails["PA"] if fix.position == place(90_000) and not is_coarse(fix)]
    assert jumping, "the trail must have what is left out"


async def test_who_was_seen_in_a_box(db: Database) -> None:
    await fit(db, "ABC")
    coarse = replace(fix_at(10, 50, terminal_id="TB"), accuracy_m=550.0)
    there = {"PA": fix_at(10, 50, terminal_id="TA"), "PB": coarse, "PC": fix_at(10, 900, terminal_id="TC")}
    async with db.write() as session:
        await store_fixes(session, list(there.items()))
    box = BBox(west=121.3, south=place(0).lat, east=121.5, north=place(100).lat)
    async with db.read() as session:
        second = START + timedelta(seconds=10)
        assert await seen_in(session, box, second, second) == {"PA"}
        assert await seen_in(session, box, START, second - timedelta(microseconds=1)) == frozenset()
