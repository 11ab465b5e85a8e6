"""The schema's history, the same for both stores: up, down, no drift from the model, safe beside a running service."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import URL, text
from stores import needs_servers, postgres

from core.database import Database
from core.errors import Invalid, StoreUnavailable
from core.storeurl import read_url
from gateway import schema
from gateway.tables import METADATA, ROOMS

EmptyStore = Callable[[], str]
_numbers = count(1)


@pytest.fixture(params=["embedded", pytest.param("production", marks=needs_servers)])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> EmptyStore:
    def make() -> str:
        if request.param == "embedded":
            return f"sqlite:///{tmp_path / f'{next(_numbers)}.db'}"
        return postgres().create(f"schema_{next(_numbers)}_{id(request)}", postgis=False)

    return make


def has_no_drift(url: str) -> bool:
    with schema.connected(read_url(url)) as connection:
        command.check(schema.config(connection))  # raises where model and schema differ
    return True


def tables(url: str) -> set[str]:
    with schema.connected(read_url(url)) as connection:
        found = connection.execute(
            text(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
                if url.startswith("sqlite")
                else "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace"
            )
        )
        return set(found.scalars()) - {"spatial_ref_sys", "alembic_version", "sqlite_sequence"}


def test_up_and_down_again_and_no_drift_from_the_model(empty_store: EmptyStore) -> None:
    url = empty_store()
    assert schema.migrate(read_url(url)).fits
    assert tables(url) == set(METADATA.tables)
    assert has_no_drift(url)
    assert schema.migrate(read_url(url)).fits  # again: nothing to do
    while (at := schema.migrate(read_url(url), _one_down(url)).at) is not None:
        assert at < schema.head()
    assert tables(url) == set()
    assert schema.migrate(read_url(url)).fits
    assert has_no_drift(url)


def _one_down(url: str) -> str:
    with schema.connected(read_url(url)) as connection:
        at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return f"{int(at) - 1:04}" if int(at) > 1 else "base"


def test_every_table_of_the_model_is_declared_in_a_room() -> None:
    mapped = [one for room in ROOMS for one in vars(room).values() if hasattr(one, "__tablename__")]
    assert {one.__tablename__ for one in mapped} == set(METADATA.tables)


def test_a_store_made_before_there_were_migrations_is_taken_over(empty_store: EmptyStore) -> None:
    url = empty_store()
    schema.migrate(read_url(url), schema.BASELINE)
    with schema.connected(read_url(url)) as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("INSERT INTO counter (name, value) VALUES ('case_event', 7)"))
    assert schema.migrate(read_url(url)).fits
    with schema.connected(read_url(url)) as connection:
        assert connection.execute(text("SELECT value FROM counter")).scalar_one() == 7


def test_several_may_migrate_at_once(empty_store: EmptyStore) -> None:
    url = read_url(empty_store())
    with ThreadPoolExecutor(4) as pool:
        assert all(found.fits for found in pool.map(schema.migrate, [url] * 4))


def test_a_new_embedded_store_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    def opened(url: URL) -> None:
        with schema.connected(url) as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS opened (at INTEGER)"))

    with ThreadPoolExecutor(8) as pool:
        for number in range(60):  # about one in two hundred went wrong
            url = read_url(f"sqlite:///{tmp_path / f'{number}.db'}")
            list(pool.map(opened, [url] * 8))


async def test_a_store_at_the_wrong_revision_is_named_with_the_remedy(empty_store: EmptyStore) -> None:
    url = empty_store()
    schema.migrate(read_url(url), "0001")
    db = Database(url)
    found = await schema.standing(db)
    assert (found.at, found.fits) == ("0001", False)
    assert "run `nearside migrate`" in schema.misfit(found)
    if not db.embedded:
        with pytest.raises(StoreUnavailable, match="the schema is at 0001"):
            await schema.prepare(db)
    await db.close()


def test_a_store_of_a_newer_version_is_left_alone(empty_store: EmptyStore) -> None:
    url = empty_store()
    schema.migrate(read_url(url))
    with schema.connected(read_url(url)) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="newer version"):
        schema.migrate(read_url(url))


def test_an_unknown_revision_changes_nothing(empty_store: EmptyStore) -> None:
    url = empty_store()
    with pytest.raises(Invalid, match="no revision 7"):
        schema.migrate(read_url(url), "7")
    assert tables(url) == set()


@needs_servers
def test_a_table_in_use_makes_a_migration_give_up_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "WAIT_FOR_TABLES", "SET LOCAL lock_timeout = '50ms'")
    url = read_url(postgres().create(f"busy_{next(_numbers)}", postgis=False))
    schema.migrate(url, "0001")
    with schema.connected(url) as user:
        user.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StoreUnavailable, match="in use"):
            schema.migrate(url)
