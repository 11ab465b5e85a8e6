"""The command line: what it prints, and its exit codes: 0 done, 1 not done, 2 asked wrongly."""

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from stores import new_store
from typer.testing import CliRunner, Result

from core.database import Database
from core.errors import StoreUnavailable
from core.settings import Settings
from gateway.cli.commands import app
from tracking.queries import terminal_by_token, vehicle

DEALERS = "code,name,city_code,lat,lon,datum,phone,specialist_name,specialist_phone\n"
GOOD = DEALERS + "D1,浦东店,310000,31.23,121.5,wgs84,,王强,13800000001\n"
VEHICLES = "plate,kind,dealer,on_duty,terminal_id,protocol\n沪A10001,service,D1,true,T1,\n"


@pytest.fixture(autouse=True)
def folder(restored_logs: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("NEARSIDE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NEARSIDE_DATABASE", f"sqlite:///{tmp_path / 'n.db'}")
    return tmp_path


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=typed)


def test_help_has_examples_and_every_setting_as_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    one_word = [(name,) for name in ("serve", "demo", "migrate", "check", "scores")]
    for command in (*one_word, ("user", "add"), ("import", "cases"), ("bench", "decide")):
        told = run(*command, "--help")
        assert told.exit_code == 0
        assert "Example" in told.output
        for name in Settings.model_fields:
            assert f"--{name.replace('_', '-')}" in told.output, (command, name)


def test_migrate_then_check(folder: Path) -> None:
    early = run("check")
    assert early.exit_code == 1
    assert "nearside migrate" in early.output
    assert not (folder / "n.db").exists()  # looking changes nothing
    assert run("migrate").exit_code == run("migrate").exit_code == 0
    told = run("check")
    assert told.exit_code == 0
    for part in ("settings", "store", "bus", "tiles", "map", "base map", "clock"):
        assert part in told.output


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--port", "99999"), 2, "port"),
        (("--clock-speed", "fast"), 2, "clock_speed"),
        (("--config", "none.toml"), 2, "none.toml"),
        (("--no-such-option", "1"), 2, "no-such-option"),
        (("--database", "postgresql://x"), 1, "sqlite"),
        (("--database", "sqlite:///bad.db"), 1, "not a database"),
        (("--database", "sqlite:////proc/none/x.db"), 1, "cannot be used"),
        (("--roads", "none.osm.pbf"), 1, "correct --roads"),
        (("--tiles-url", "https://tiles.example/{z}/{x}.png"), 1, "once each"),
        (("--tiles-url", "https://tiles.example/{z}/{x}/{y}.png"), 1, "tiles_attribution is missing"),
        (("--tiles-datum", "bd09"), 2, "tiles_datum"),
    ],
)
def test_serve_refuses_to_start_on_what_cannot_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    (folder / "bad.db").write_text("this is no database, whatever it is called")
    told = run("serve", *options)
    assert told.exit_code == code
    assert said in told.output


def test_serve_says_that_the_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = run("serve", "--port", str(port))
    assert told.exit_code == 1
    assert f"port {port} on 127.0.0.1" in told.output


def test_options_win_over_variables_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "s.toml").write_text(f'database = "sqlite:///{folder / "file.db"}"\n')
    monkeypatch.setenv("NEARSIDE_CONFIG", str(folder / "s.toml"))
    run("migrate")
    monkeypatch.delenv("NEARSIDE_DATABASE")
    run("migrate")
    run("migrate", "--database", f"sqlite:///{folder / 'option.db'}")
    assert sorted(path.name for path in folder.glob("*.db")) == ["file.db", "n.db", "option.db"]


@pytest.mark.parametrize("command", ["check", "migrate", "serve"])
def test_a_password_from_a_file_is_used_and_never_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.delenv("NEARSIDE_DATABASE")
    monkeypatch.setenv("NEARSIDE_SECRETS_DIR", str(folder))
    (folder / "nearside_database").write_text("postgresql://n:s3cret@/rescue?host=/nowhere\n")
    (folder / "nearside_redis").write_text("unix://n:s3cret@/nowhere/redis.sock\n")
    told = run(command)
    assert told.exit_code == 1
    assert "rescue" in told.output
    assert "s3cret" not in told.output


def test_users() -> None:
    added = run("user", "add", "zhang", "--role", "dispatcher", typed="long enough\n")
    assert (added.exit_code, "zhang" in added.output, "long enough" in added.output) == (0, True, False)
    assert run("user", "add", "zhang", "--role", "oem", typed="long enough\n").exit_code == 1
    assert run("user", "add", "li", "--role", "oem", typed="\n").exit_code == 1
    short = run("user", "add", "wang", "--role", "oem", typed="short\n")
    assert (short.exit_code, "easily guessed" in short.output) == (0, True)
    assert run("user", "add", "li", "--role", "driver", typed="long enough\n").exit_code == 1
    assert run("user", "add", "li", "--role", "king", typed="long enough\n").exit_code == 2
    early = run("user", "add", "li", "--role", "driver", "--dealer", "D1", typed="long enough\n")
    assert (early.exit_code, "not on record yet" in early.output) == (0, True)


def test_import_and_scores_need_no_server(folder: Path) -> None:
    (folder / "d.csv").write_text(GOOD + "D2,店,,0,0,,,王,138\n", "utf-8-sig")
    (folder / "v.csv").write_text(VEHICLES)
    told = run("import", "dealers", "d.csv", "--json")
    assert told.exit_code == 0
    assert json.loads(told.stdout) == {
        "imported": 1,
        "unchanged": 0,
        "rejected": [
            {"line": 3, "code": "invalid_position", "detail": "location: R22: (0, 0): the device had no position"}
        ],
        "findings": [],
    }
    plain = run("import", "dealers", "d.csv", "--strict")
    assert (plain.exit_code, "line 3" in plain.output, "unchanged 1" in plain.output) == (1, True, True)
    assert run("import", "vehicles", "v.csv", "--tokens", "t.csv").exit_code == 0
    assert stat.S_IMODE((folder / "t.csv").stat().st_mode) == 0o600
    assert (folder / "t.csv").read_text().startswith("terminal_id,token\nT1,")
    assert run("import", "vehicles", "v.csv", "--tokens", "t.csv").exit_code == 2  # secrets are never overwritten
    (folder / "c.jsonl").write_text("{}\n")
    refused = json.loads(run("import", "cases", "c.jsonl", "--json").stdout)
    assert [one["code"] for one in refused["rejected"]] == ["invalid"]
    scores = json.loads(run("scores", "--format", "json").stdout)
    assert [(row["dealer"], row["cases"], row["score"]) for row in scores] == [("D1", 0, None)]
    assert "浦东店" in run("scores").output
    assert run("scores", "--format", "xlsx", "--out", "s.xlsx").exit_code == 0
    with ZipFile(folder / "s.xlsx") as book:
        assert "xl/workbook.xml" in book.namelist()
    assert run("scores", "--dealer", "D9").exit_code == 1
    assert run("scores", "--from", "2026-10-01T00:00:00").exit_code == 2


def test_an_import_that_stops_tells_what_it_kept_and_loses_no_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(folder)
    monkeypatch.setenv("NEARSIDE_DATABASE", store)
    (folder / "d.csv").write_text(GOOD)
    (folder / "v.csv").write_text(VEHICLES + "沪A10002,service,D1,true,T2,\n")
    run("import", "dealers", "d.csv")
    with monkeypatch.context() as broken:
        broken.setattr("gateway.imports.batches.BATCH", 1)
        broken.setattr("gateway.imports.batches.PAUSE_S", 0)
        broken.setattr(Database, "write", without("沪A10002", Database.write))
        told = run("import", "vehicles", "v.csv", "--tokens", "t.csv", "--json")
    assert (told.exit_code, json.loads(told.stdout)["imported"]) == (1, 1)
    assert "store_unavailable" in told.stderr
    assert "t.csv holds the tokens" in told.stderr
    heading, first, *second = (folder / "t.csv").read_text().splitlines()
    assert (heading, {line.partition(",")[0] for line in second}) == ("terminal_id,token", {"T2"})
    assert asyncio.run(known_by(store, first)) == "T1"
    assert not [line for line in second if asyncio.run(known_by(store, line))]
    told = run("import", "vehicles", "v.csv", "--tokens", "rest.csv", "--json")
    assert [json.loads(told.stdout)[name] for name in ("imported", "unchanged")] == [1, 1]
    (line,) = (folder / "rest.csv").read_text().splitlines()[1:]
    assert asyncio.run(known_by(store, line)) == "T2"


def without(plate: str, write: Any) -> Any:
    """The store's `write`, that undoes every transaction in which this vehicle is."""

    @asynccontextmanager
    async def broken(database: Database) -> AsyncGenerator[AsyncSession]:
        async with write(database) as session:
            yield session
            if await vehicle(session, plate):
                raise StoreUnavailable

    return broken


async def known_by(store: str, line: str) -> str:
    """The terminal that is known by the token in a line of a file of tokens."""
    database = Database(store)
    async with database.read() as session:
        found = await terminal_by_token(session, line.partition(",")[2])
    await database.close()
    return found.terminal_id if found else ""


def test_a_file_of_tokens_is_made_before_anything_is_imported(folder: Path) -> None:
    (folder / "d.csv").write_text(GOOD)
    (folder / "v.csv").write_text(VEHICLES)
    run("import", "dealers", "d.csv")
    assert run("import", "vehicles", "v.csv", "--tokens", "none/t.csv").exit_code == 2
    assert run("import", "vehicles", "d.csv", "--tokens", "t.csv").exit_code == 2
    assert not (folder / "t.csv").exists()  # there is nothing to keep in it
    told = run("import", "vehicles", "v.csv", "--tokens", "t.csv", "--json")
    assert json.loads(told.stdout)["imported"] == 1


def test_an_import_that_cannot_be_read(folder: Path) -> None:
    (folder / "d.csv").write_text("code,name\nD1,x\n")
    told = run("import", "dealers", "d.csv")
    assert (told.exit_code, "city_code, lat, lon" in told.output) == (2, True)
    assert run("import", "dealers", "none.csv").exit_code == 2
