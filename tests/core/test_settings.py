"""Where settings come from, which of them wins, and that no password is told."""

from pathlib import Path

import pytest

from core.settings import Settings

URL = "postgresql://nearside:s3cret@store/nearside"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of secrets that is looked into, and no other source of settings."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARSIDE_SECRETS_DIR", str(secrets))
    for name in ("NEARSIDE_DATABASE", "NEARSIDE_REDIS", "NEARSIDE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return secrets


@pytest.mark.parametrize("end", ["", "\n", "\r\n", " \n\n"])
def test_a_secret_is_a_file_whatever_its_last_line_ends_with(folder: Path, end: str) -> None:
    (folder / "nearside_database").write_text(URL + end)
    (folder / "postgres_password").write_text("another's")
    settings = Settings()
    assert (settings.database, settings.redis) == (URL, "")
    assert settings.model_fields_set == {"database"}


def test_options_win_over_variables_over_secrets_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("nearside.toml").write_text('database = "toml"\nredis = "toml"\nlog_level = "ERROR"\nhost = "toml"\n')
    for name in ("database", "redis", "log_level"):
        (folder / f"nearside_{name}").write_text("DEBUG")
    for name in ("database", "redis"):
        monkeypatch.setenv(f"NEARSIDE_{name.upper()}", "variable")
    settings = Settings(database="option")
    found = (settings.database, settings.redis, settings.log_level, settings.host)
    assert found == ("option", "variable", "DEBUG", "toml")


def test_a_folder_that_is_named_must_be_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEARSIDE_SECRETS_DIR", str(folder / "lost"))
    with pytest.raises(ValueError, match="names no folder"):
        Settings()


def test_the_usual_folder_may_be_missing_and_counts_where_it_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEARSIDE_SECRETS_DIR")
    monkeypatch.setattr("core.settings.SECRETS_FOLDER", folder)
    (folder / "nearside_database").write_text(URL)
    assert Settings().database == URL
    monkeypatch.setattr("core.settings.SECRETS_FOLDER", folder / "lost")
    assert Settings().database == "sqlite:///nearside.db"
