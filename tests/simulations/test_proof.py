"""The campaign's proof on a real store: it finds what is missing, granted twice, misnumbered or of a wrong time."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from core.geo import Position
from core.storeurl import read_url
from gateway.live.protocol import Board
from gateway.schema import migrate
from simulations.campaign.cluster import STORE
from simulations.campaign.proof import Proof
from simulations.campaign.pulse import Pulse
from simulations.campaign.senders import Metronome, Sender, Sent
from simulations.ledger import Acked
from simulations.private import OWNER, PrivatePostgres, installed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.own_store,
    pytest.mark.skipif(not installed(), reason="postgresql-15-postgis-3 and redis-server are not installed"),
]
_numbers = count(1)
HOME = Position(lat=31.2, lon=121.5)
OPENED = Acked(case_id="c1", kind="case_opened", match={"number": "N-1"})
ACCEPTED = Acked(case_id="c1", kind="offer_accepted|offer_taken", match={"offer_id": "o1", "trip_id": "t1"})


class Store:
    def __init__(self, url: str, connection: "psycopg.Connection[Any]") -> None:
        self.proof = Proof(url)
        self.connection = connection
        self._seq = 0

    def fix(self, terminal_id: str, seq: int, time: datetime) -> None:
        self.connection.execute(
            "INSERT INTO position_fix (terminal_id, fix_time, seq, plate, lat, lon) VALUES (%s, %s, %s, 'P', 31, 121)",
            (terminal_id, time, seq),
        )

    def event(self, kind: str, data: str, *, skip: int = 0, at: datetime | None = None) -> None:
        self._seq += 1 + skip
        values = (self._seq, kind, at or datetime.now(UTC), data.encode())
        self.connection.execute(
            "INSERT INTO case_event (seq, case_id, kind, actor, at, data, card) VALUES (%s, 'c1', %s, 'a', %s, %s, '')",
            values,
        )
        self.connection.execute(
            "INSERT INTO counter VALUES ('case_event', %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (self._seq,),
        )


def sender(beat: Metronome, *parts: Sent) -> Sender:
    made = Sender("T1", "token", HOME, ["http://127.0.0.1:1"], 0, beat, Pulse())
    made.sent.extend(parts)
    return made


@pytest.fixture(scope="module")
def server() -> Generator[PrivatePostgres]:
    """Keeps the moment of each commit, as the campaign's own does."""
    with TemporaryDirectory(prefix="nearside-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        made = PrivatePostgres(folder / "postgresql", settings=STORE)
        made.start()
        migrate(read_url(made.create("migrated")))
        yield made
        made.stop()


@pytest.fixture
def store(server: PrivatePostgres) -> Generator[Store]:
    name = f"proof-{next(_numbers)}"
    url = server.create(name, template="migrated")
    with psycopg.connect(host=str(server.folder), user=OWNER, dbname=name, autocommit=True) as connection:
        yield Store(url, connection)


def test_only_the_very_fix_that_was_acknowledged_counts_as_kept(store: Store):
    beat = Metronome(timedelta(milliseconds=80))
    for seq in (1, 2, 10, 11):
        store.fix("T1", seq, beat.time_of(seq))
    store.fix("T1", 12, beat.time_of(12) + timedelta(milliseconds=1))
    store.fix("T2", 3, beat.time_of(3))
    whole = sender(beat, Sent(first=1, acked=2), Sent(first=10, acked=11))
    assert (store.proof.look([whole], []).lost, store.proof.look([whole], [], everything=True).lost) == (0, 0)
    torn = sender(beat, Sent(first=1, acked=3), Sent(first=10, acked=12))
    found = store.proof.look([torn], [], everything=True)
    assert (found.fixes, found.lost) == (6, 2)
    refused = sender(beat, Sent(first=1, acked=3, refused={3: "invalid: future"}))
    found = store.proof.look([refused], [], everything=True)
    assert found.lost == 0
    assert found.others == ("fix 3 of T1 was refused: invalid: future",)


def test_an_acknowledged_command_needs_its_own_event(store: Store):
    store.event("case_opened", '{"number":"N-1","fault":"tyre"}')
    store.event("offer_taken", '{"offer_id":"o1","trip_id":"another"}')
    found = store.proof.look([], [OPENED, ACCEPTED])
    assert (found.commands, found.lost) == (2, 1)
    store.event("offer_accepted", '{"offer_id":"o1","trip_id":"t1"}')
    assert store.proof.look([], [OPENED, ACCEPTED], everything=True).lost == 0


def test_two_answers_to_an_offer_and_a_trip_that_nobody_accepted_are_found(store: Store):
    store.event("offer_accepted", '{"offer_id":"o1","trip_id":"t1"}')
    store.connection.execute("INSERT INTO trip VALUES ('t1', 'c1', 'P', true)")
    assert store.proof.look([], []).won_twice == ()
    store.connection.execute("INSERT INTO trip VALUES ('t2', 'c1', 'Q', true)")
    assert store.proof.look([], []).won_twice == ("case c1 has 2 trips",)
    store.event("offer_declined", '{"offer_id":"o1"}')
    assert set(store.proof.look([], []).won_twice) == {"case c1 has 2 trips", "offer o1 has 2 answers"}


def test_a_hole_in_the_log_and_a_time_that_is_not_of_its_commit_are_found(store: Store):
    soon = datetime.now(UTC) + timedelta(minutes=1)
    store.event("offer_made", f'{{"offer_id":"o1","expires_at":"{soon.isoformat()}"}}')
    assert store.proof.look([], []).others == ()
    store.event("offer_expired", '{"offer_id":"o1"}')
    assert store.proof.look([], []).others == ("offer o1 expired before its time",)
    store.event("case_closed", "{}", at=soon + timedelta(hours=1))
    store.event("case_closed", "{}", skip=1)
    others = store.proof.look([], []).others
    assert "the log has 4 events from 1 to 5, its counter stands at 5" in others
    assert any("event 3 (case_closed) is of" in one for one in others)


def test_a_vehicle_shown_elsewhere_than_the_store_has_it_is_found(store: Store):
    at = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
    store.connection.execute("INSERT INTO live_position VALUES ('P', 'T1', %s, 7, 31, 121)", (at,))
    right = Board(vehicles={"P": {"fix_time": "2026-11-23T04:05:06Z"}})
    behind = Board(vehicles={"P": {"fix_time": "2026-11-23T04:05:05Z"}})
    assert store.proof.unlike_store([right]) == []
    assert len(store.proof.unlike_store([right, behind, Board()])) == 2
