"""Back-up and restore, by the very commands that docs/operations.md gives, on both stores."""

import asyncio
import os
import re
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_house import House, Person, case_body, open_process
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from stores import needs_servers, postgres

from core.database import Database
from core.eventlog import events_after, last_seq
from core.geo import Position
from core.settings import Settings
from core.storeurl import read_url
from gateway import schema
from gateway.tables import METADATA
from simulations.private import OWNER, POSTGRESQL_BIN
from tracking.vocabulary import Fix, Protocol, Terminal

pytestmark = pytest.mark.slow

BOOK = Path(__file__).parents[2] / "docs" / "operations.md"


def commands(name: str) -> str:
    """What the book says to type: the block that is marked with `name`."""
    (block,) = re.findall(rf"^```sh {name}\n(.*?)^```", BOOK.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return block


class Store(ABC):
    """A store, its back-up and what was restored of it, in a folder of their own."""

    url: str
    restored: str
    suffix = ""
    """What the names of its blocks in the book end with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """What the book says has to be set."""

    @abstractmethod
    def shape(self, connection: Connection) -> dict[str, Any]:
        """Everything about the store but its rows, by name."""

    async def type_in(self, name: str) -> None:
        """Do as the book says."""
        shell = await asyncio.create_subprocess_exec(
            *("bash", "-euc", commands(name + self.suffix)),
            cwd=self.folder,
            env=os.environ | self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await shell.communicate()
        assert shell.returncode == 0, said.decode()

    def content(self, url: str) -> dict[str, Any]:
        """Everything in the store that has this URL, by name."""
        with schema.connected(read_url(url)) as connection:
            found = self.shape(connection)
            for table in METADATA.tables.values():
                rows = connection.execute(table.select().order_by(*table.primary_key.columns)).all()
                found[table.name] = [tuple(row) for row in rows]
            return found


class File(Store):
    """The embedded store. What is restored takes the place of what was there."""

    suffix = " embedded"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = self.restored = f"sqlite:///{folder / 'nearside.db'}"
        schema.migrate(read_url(self.url))

    def environment(self) -> dict[str, str]:
        return {}

    def shape(self, connection: Connection) -> dict[str, Any]:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")).all()
        return {f"sql {name}": sql for name, sql in rows}


class Server(Store):
    """PostgreSQL, served as a role that owns its database and nothing else, backed up by the superuser."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._database = f"backup_of_{folder.name}"[:60]
        self.url = self._as_role(postgres().create(self._database))
        self.restored = self._as_role(postgres().url("nearside_restored"))
        postgres().drop("nearside_restored")
        self._psql(
            "DO $$ BEGIN CREATE ROLE nearside LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
            f'ALTER DATABASE "{self._database}" OWNER TO nearside'
        )
        schema.migrate(read_url(self.url))

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{POSTGRESQL_BIN}:{os.environ['PATH']}",
            "PGHOST": str(postgres().folder),
            "PGUSER": OWNER,
            "PGDATABASE": self._database,
        }

    def shape(self, connection: Connection) -> dict[str, Any]:
        return {
            f"{kind} {name}": rest
            for kind, query in _SHAPE.items()
            for name, *rest in connection.execute(text(query)).tuples()
        }

    def _as_role(self, url: str) -> str:
        return make_url(url).set(username="nearside").render_as_string(hide_password=False)

    def _psql(self, statements: str) -> None:
        subprocess.run(["psql", "-qc", statements], env=os.environ | self.environment(), check=True)


_SHAPE = {
    "table": "SELECT relname, relkind::text, relowner::regrole::text, reloptions, pg_get_expr(relpartbound, oid)"
    " FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace",
    "index": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraint": "SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "sequence": "SELECT sequencename, last_value FROM pg_sequences",
    "rows of partition": "SELECT tableoid::regclass::text, count(*) FROM position_fix GROUP BY 1",
}

StoreMaker = Callable[[Path], Store]


@pytest.fixture(params=[File, pytest.param(Server, marks=needs_servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    made: StoreMaker = request.param
    return made(tmp_path)


async def fill(house: House) -> dict[str, Person]:
    """Something in most tables: people, dealers, offers, a trip, fixes, doubted ones, an answer kept for a key."""
    await house.sign_in_all()
    await house.furnish()
    answer = await house.cac.post("/terminals", {"terminal_id": "T1", "vehicle": "沪A00001", "protocol": "websocket"})
    assert answer.status_code == 201, answer.text
    terminal = Terminal(terminal_id="T1", plate="沪A00001", protocol=Protocol.WEBSOCKET)
    await house.new_trip()
    await house.new_offer()
    await change_a_record(house, on_duty=False)
    await house.cac.post("/cases", case_body(), headers={"Idempotency-Key": "k"})
    now = house.service.clock.now()
    for days, seq in ((6, 1), (0, 2), (30, 3)):  # the last is too old to be believed
        at = now - timedelta(days=days, minutes=1)
        fix = Fix(terminal_id="T1", seq=seq, time=at, position=Position(lat=31.231, lon=121.47), accuracy_m=5.0)
        await house.service.ingest.submit(terminal, [fix])
    return house.people


async def change_a_record(house: House, *, on_duty: bool) -> None:
    answer = await house.cac.patch("/vehicles/沪A00003", {"on_duty": on_duty})
    assert answer.status_code == 200, answer.text


async def goes_on(house: House, people: dict[str, Person]) -> None:
    """The sessions are valid still, events are numbered on without a gap, and so is what the store itself numbers."""
    house.people = {name: Person(house.client, person.token) for name, person in people.items()}
    before = await house.last_seq()
    await house.new_offer()
    await change_a_record(house, on_duty=True)
    async with house.service.db.read() as session:
        seqs = [event.seq for event in await events_after(session, 0)]
    assert len(seqs) > before > 0
    assert seqs == list(range(1, len(seqs) + 1))


async def test_what_is_restored_is_the_same_and_goes_on(store: Store) -> None:
    async with open_process(Settings(database=store.url)) as house:
        people = await fill(house)
    before = store.content(store.url)
    for table in ("case_event", "deadline", "record_change", "position_fix", "quarantined_fix", "fence", "signed_in"):
        assert before[table], table
    await store.type_in("back-up")
    async with open_process(Settings(database=store.url)) as house:
        house.people = {name: Person(house.client, person.token) for name, person in people.items()}
        await house.new_case()  # what comes after the back-up is not in it
    assert store.content(store.url)["case_event"] != before["case_event"]

    await store.type_in("restore")

    assert store.content(store.restored) == before
    db = Database(store.restored)
    assert (await schema.standing(db)).fits
    await db.close()
    async with open_process(Settings(database=store.restored)) as house:
        await goes_on(house, people)


async def test_what_is_backed_up_while_the_service_writes_is_one_moment_of_it(store: Store) -> None:
    begun, done = asyncio.Event(), asyncio.Event()

    async def write(house: House) -> None:
        while not done.is_set():
            await house.new_offer()
            begun.set()

    async with open_process(Settings(database=store.url)) as house:
        people = await fill(house)
        first = await house.last_seq()
        async with asyncio.TaskGroup() as both:
            both.create_task(write(house))
            await begun.wait()
            await store.type_in("back-up")
            during = await house.last_seq()
            done.set()
    await store.type_in("restore")
    db = Database(store.restored)
    async with db.read() as session:
        told, seqs = await last_seq(session), [event.seq for event in await events_after(session, 0)]
        states = (await session.execute(text("SELECT count(*) FROM rescue_case"))).scalar_one()
        opened = "SELECT count(DISTINCT case_id) FROM case_event"
        assert states == (await session.execute(text(opened))).scalar_one()
    await db.close()
    assert seqs == list(range(1, told + 1))
    assert first < told <= during
    async with open_process(Settings(database=store.restored)) as house:
        await goes_on(house, people)
