"""What a deployment is made of fits together: the secrets that are made are those that are read, and versions agree."""

import re
import stat
import subprocess
from pathlib import Path

import pytest

from core.settings import Settings
from core.storeurl import read_url

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def made(folder: Path) -> dict[str, str]:
    subprocess.run([str(ROOT / "deploy" / "make-secrets"), str(folder)], check=True, capture_output=True)
    return {path.name: path.read_text().strip() for path in folder.iterdir()}


def test_every_secret_is_made_once_by_chance_and_for_few_eyes(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    secrets = made(folder)
    assert set(re.findall(r"file: deploy/secrets/(\w+)", COMPOSE)) <= set(secrets)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}
    (folder / "nearside_redis").unlink()
    assert made(folder) == secrets  # nothing is overwritten; what is missing is made of what is there
    passwords = {secrets[f"{name}_password"] for name in ("postgres", "nearside", "redis")}
    assert len(passwords) == 3
    assert not passwords & set(made(tmp_path / "others").values())


def test_the_service_finds_its_secrets_in_what_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = made(tmp_path / "secrets")
    monkeypatch.chdir(tmp_path)
    for name in ("NEARSIDE_DATABASE", "NEARSIDE_REDIS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NEARSIDE_SECRETS_DIR", str(tmp_path / "secrets"))
    settings = Settings()
    assert read_url(settings.database).password == secrets["nearside_password"]
    assert settings.redis == f"redis://:{secrets['redis_password']}@redis:6379/0"
    assert secrets["redis_conf"] == f"requirepass {secrets['redis_password']}"


def test_versions_are_pinned_and_agree() -> None:
    dockerfile, setup = (ROOT / "Dockerfile").read_text(), (ROOT / "scripts" / "setup").read_text()
    (version,) = re.findall(r"^UV_VERSION=(\S+)", setup, re.MULTILINE)
    assert f"ARG UV_VERSION={version}\n" in dockerfile
    images = re.findall(r"^ +image: (\S+)", COMPOSE, re.MULTILINE) + re.findall(r"^ARG PYTHON=(\S+)", dockerfile, re.M)
    assert len(images) == 5
    assert all(re.fullmatch(r"\S+:\S*\d\.\d\S*|postgis/postgis:15-3\.4", image) for image in images)
