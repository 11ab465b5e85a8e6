"""Settings: defaults here, a TOML file, a folder of secrets, `NEARSIDE_*` variables, options; the later one wins.

Every figure that DOMAIN.md calls a default is here, so that an administrator can change it. In the folder of secrets
each setting may be a file named as its variable is, in small letters: `/run/secrets/nearside_database` holds the
store's URL with its password, and nothing around the value but white space, which does not matter. The folder is the
one that `NEARSIDE_SECRETS_DIR` names, else `/run/secrets` where there is one.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

DEFAULT_FILE = "nearside.toml"
SECRETS_FOLDER = Path("/run/secrets")
"""Where containers find their secrets."""


class Settings(BaseSettings):
    """All settings of one process. Times are in seconds, distances in metres."""

    model_config = SettingsConfigDict(env_prefix="NEARSIDE_", extra="forbid", frozen=True)

    database: str = "sqlite:///nearside.db"
    """`sqlite:///FILE`, or `postgresql://USER@HOST/DATABASE`"""
    database_connections: int = Field(default=8, ge=2, le=200)
    """Each process holds at most so many connections for reading, and as many for writing."""
    redis: str = ""
    """`redis://HOST:6379/0`: live positions and fan-out between processes; without it, there is one process."""
    workers: int = Field(default=1, ge=1, le=64)
    """Processes that serve the same port; more than one needs PostgreSQL and Redis."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)

    clock_speed: float = Field(default=1.0, gt=0, le=3600)
    clock_starts_at: datetime | None = None
    clock_wall_start: datetime | None = None

    offer_timeout_s: float = Field(default=180, gt=0)
    """A specialist confirms at once (R3); unanswered this long, an offer expires."""
    auto_close_s: float = Field(default=7 * 86400, gt=0)
    """A completed case whose owner was not reached is closed after this long."""
    keep_brands_apart: bool = False
    """R23: when true, only dealers of the car's own brand may rescue it."""
    promise_district_minutes: int = Field(default=45, gt=0)
    promise_county_minutes: int = Field(default=60, gt=0)

    position_fresh_s: float = Field(default=300, gt=0)
    """R1: an older position does not count as known; the dealer's site stands in."""
    ingest_window_s: float = Field(default=0.02, ge=0)
    """Fixes are gathered this long, then committed together and acknowledged."""
    fence_radius_m: float = Field(default=150, gt=0)
    fence_dwell_s: float = Field(default=30, gt=0)

    position_days: int = Field(default=90, ge=8)
    """Positions are kept so many days. Late uploads may still amend an arrival of the last week."""
    quarantine_days: int = Field(default=30, ge=1)
    """Doubted positions are kept so many days after they were received."""

    photo_days: int = Field(default=1095, ge=30)
    """Photographs are kept so many days after they came: they are evidence, and they show plates and people."""
    motorist_link_days: float = Field(default=3, gt=0, le=60)
    """A motorist's link dies so many days after the case."""
    hotline: str = Field(default="", max_length=24)
    """The number of the 400 line, for the motorist's call button."""

    session_hours: float = Field(default=12, gt=0)
    sign_in_failures_per_minute: int = Field(default=10, gt=0)
    targets: dict[str, float] = Field(
        default={
            "completion": 95,
            "satisfaction": 90,
            "arrival": 90,
            "drive_away": 80,
            "first_success": 85,
            "acceptance": 90,
        }
    )
    """What the network is to reach, in percent, by KPI; shown beside the figures."""
    min_cases_ranked: int = Field(default=5, ge=0)
    """K12: dealers under this many cases are left out of the ranking."""

    roads: str = ""
    """An OpenStreetMap file (PBF) of the area served: its roads are drawn under the maps"""
    tiles_url: str = ""
    """A source of map tiles, such as `https://tiles.example/{z}/{x}/{y}.png`; the pages load them from there."""
    tiles_kind: Literal["raster", "vector"] = "raster"
    tiles_datum: Literal["wgs84", "gcj02"] = "wgs84"
    """In which datum the source draws: Chinese map services draw in GCJ-02."""
    tiles_attribution: str = Field(default="", max_length=500)
    """Whose map it is; must be given with a URL, and is always shown."""
    tiles_maxzoom: int = Field(default=18, ge=0, le=24)
    """The source has tiles up to this zoom; they are shown larger beyond."""

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options win over variables, variables over secrets, secrets over the file named by `NEARSIDE_CONFIG`."""
        file = Path(os.environ.get("NEARSIDE_CONFIG", DEFAULT_FILE))
        return (
            init_settings,
            env_settings,
            SecretsSettingsSource(settings_cls, secrets_dir=_secrets_folder()),
            TomlConfigSettingsSource(settings_cls, toml_file=file),
        )


def _secrets_folder() -> Path | None:
    """The folder of secrets, if there is one. Raises `ValueError` where one is named that is none."""
    named = os.environ.get("NEARSIDE_SECRETS_DIR")
    if not named:
        return SECRETS_FOLDER if SECRETS_FOLDER.is_dir() else None
    if not Path(named).is_dir():
        raise ValueError(f"NEARSIDE_SECRETS_DIR names no folder: {named}")
    return Path(named)
