"""What a service stands on: whatever is wrong with it is named with the remedy, and nothing starts half."""

from collections.abc import AsyncGenerator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from stores import needs_servers, new_store, postgres, redis, shared_service
from typer.testing import CliRunner

from core.database import Database
from core.errors import Invalid
from core.settings import Settings
from core.storeurl import read_url, shown
from gateway import fitness, schema
from gateway.cli.commands import app
from gateway.cli.serve import prepare
from simulations.private import OWNER


@pytest.fixture
def shared() -> Settings:
    redis().empty()
    return Settings(**shared_service("fitness"))


async def refused(settings: Settings, *words: str) -> None:
    """Neither `check` nor `serve` takes it, and both say why."""
    with pytest.raises((fitness.Unfit, Invalid)) as told:
        await fitness.check_all(settings)
    for word in words:
        assert word in told.value.detail
    with pytest.raises((fitness.Unfit, Invalid)) as started:
        await prepare(settings)
    assert started.value.detail == told.value.detail


@needs_servers
async def test_what_is_fit_is_said_to_be(shared: Settings) -> None:
    await fitness.check_all(shared)
    assert "PostGIS 3" in await fitness.look_at_store(shared)
    assert "all ours" in await fitness.look_at_redis(shared)
    apart_s = await fitness.clock_apart_s(shared)
    assert apart_s is not None
    assert abs(apart_s) < fitness.CLOCK_APART_S


@needs_servers
async def test_a_missing_extension(shared: Settings) -> None:
    bare = postgres().create(f"bare_{id(shared)}", postgis=False)
    await refused(shared.model_copy(update={"database": bare}), "lacks the extension postgis", "CREATE EXTENSION")


@needs_servers
@pytest.mark.parametrize(
    ("at", "words"),
    [
        (None, ("no schema yet", "nearside migrate")),
        ("0001", ("the schema is at 0001", "nearside migrate")),
        ("9999", ("9999", "newer version")),
    ],
)
async def test_a_database_at_the_wrong_migration(shared: Settings, at: str | None, words: tuple[str, ...]) -> None:
    url = postgres().create(f"wrong_{at}_{id(shared)}")
    if at:
        schema.migrate(read_url(url), "0001")
        with schema.connected(read_url(url)) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": at})
    await refused(shared.model_copy(update={"database": url}), *words)


@needs_servers
async def test_a_wrong_password_is_named_and_never_shown(shared: Settings) -> None:
    hba = postgres().folder / "data" / "pg_hba.conf"
    rules = hba.read_text()
    with psycopg.connect(host=str(postgres().folder), user=OWNER, dbname="postgres", autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS guarded")
        connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
        try:
            hba.write_text(f"local all guarded scram-sha-256\n{rules}")
            connection.execute("SELECT pg_reload_conf()")
            url = read_url(shared.database).set(username="guarded", password="wrong-password")
            settings = shared.model_copy(update={"database": url.render_as_string(hide_password=False)})
            await refused(settings, "the password of guarded is wrong", "--database")
            with pytest.raises(fitness.Unfit) as told:
                await fitness.look_at_store(settings)
            assert "wrong-password" not in told.value.detail
            assert "wrong-password" not in shown(settings.database)
        finally:
            hba.write_text(rules)
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("DROP ROLE guarded")


@needs_servers
@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("postgresql://nobody@127.0.0.1:1/nearside", ("nothing answers there", "start PostgreSQL")),
        ("postgresql://nobody@no-such-host.invalid/nearside", ("the host no-such-host.invalid is unknown",)),
        ("mysql://localhost/nearside", ("sqlite:///FILE or postgresql://",)),
        ("nonsense", ("sqlite:///FILE or postgresql://",)),
    ],
)
async def test_a_store_that_is_not_there(shared: Settings, database: str, words: tuple[str, ...]) -> None:
    await refused(shared.model_copy(update={"database": database}), *words)


@needs_servers
async def test_a_database_that_is_not_there(shared: Settings) -> None:
    await refused(shared.model_copy(update={"database": postgres().url("nowhere")}), "createdb nowhere")


@pytest.fixture
async def strangers_redis(shared: Settings) -> AsyncGenerator[Settings]:
    client = fitness.connect(shared.redis)
    await client.set("celery-task-meta-1", "x")
    yield shared
    await client.flushall()
    await client.aclose()


@needs_servers
async def test_a_redis_of_another_application(strangers_redis: Settings) -> None:
    await refused(strangers_redis, "another application's keys", "'celery-task-meta-1'", "of its own")


@needs_servers
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://127.0.0.1:1/0", ("cannot be reached", "start it")),
        ("http://127.0.0.1/", ("redis://",)),
    ],
)
async def test_a_redis_that_is_not_there(shared: Settings, url: str, words: tuple[str, ...]) -> None:
    await refused(shared.model_copy(update={"redis": url}), *words)


@needs_servers
async def test_something_else_that_answers_in_redis_place(shared: Settings) -> None:
    socket = postgres().folder / ".s.PGSQL.5432"
    await refused(shared.model_copy(update={"redis": f"unix://{socket}"}), "--redis")


async def test_several_processes_need_a_store_that_they_can_share(tmp_path: Path) -> None:
    await refused(Settings(database=f"sqlite:///{tmp_path / 'x.db'}", workers=2), "one process")
    assert not (tmp_path / "x.db").exists()
    await refused(Settings(database="postgresql://localhost/x", workers=2), "--redis")


async def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(fitness.Unfit, match="nearside migrate"):
        await fitness.look_at_store(Settings(database=f"sqlite:///{tmp_path / 'none.db'}"))
    db = Database(new_store(tmp_path))
    if db.embedded:
        assert "at revision" in await fitness.look_at_store(Settings(database=db.text))
    await db.close()


@pytest.mark.parametrize("name", ["Noto Sans CJK SC", "WenQuanYi Zen Hei"])
def test_a_font_that_holds_chinese_is_named(name: str) -> None:
    assert name in fitness.look_at_fonts(["Libertinus Serif", name])


def test_no_chinese_font_is_a_warning_with_the_remedy() -> None:
    with pytest.raises(fitness.Lacking) as told:
        fitness.look_at_fonts(["Libertinus Serif", "DejaVu Sans"])
    assert "fonts-noto-cjk" in told.value.detail


@pytest.mark.parametrize(
    ("families", "said"), [([], "no Chinese font"), (["Noto Sans CJK SC"], "rescue records are set in")]
)
def test_check_warns_of_a_missing_font_and_still_succeeds(
    families: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitness, "font_families", lambda: families)
    monkeypatch.setenv("COLUMNS", "300")
    url = f"sqlite:///{tmp_path}/fonts.db"
    schema.migrate(read_url(url))
    told = CliRunner().invoke(app, ["check", "--database", url])
    assert told.exit_code == 0, told.output
    assert said in told.output
