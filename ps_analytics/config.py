"""Every setting: name, default and a sentence. Read once at an entry point and passed down."""

from functools import cached_property
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ps_analytics.errors import BadSetting


class Settings(BaseSettings):
    """The settings, from `PS_*` environment variables, then a `.env` file, then these defaults."""

    model_config = SettingsConfigDict(env_prefix="PS_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("ps-analytics", appauthor=False),
        description="Folder of the SQLite file, the collectors' spools and the tokens.",
    )
    database_url: str = Field("", description="SQLAlchemy URL; empty means a SQLite file in the data folder.")
    user: str = Field("local", min_length=1, max_length=64, description="Whose data is read and written.")
    host: str = Field("127.0.0.1", description="Address the dashboards listen on.")
    port: int = Field(5006, ge=0, le=65535, description="Port of the dashboards; 0 picks a free one.")
    ingest_port: int = Field(
        5007, ge=0, le=65535, description="Loopback port on which the daemon takes frames from collectors."
    )
    debug: bool = Field(False, description="Show tracebacks instead of one clear sentence.")
    keep_rows: bool = Field(True, description="Keep telemetry_frame rows of sealed laps; off halves the database.")
    session_gap_s: float = Field(60.0, gt=0, description="Seconds without frames after which a session ends.")
    spool_limit_mb: int = Field(1024, ge=1, description="Megabytes a collector keeps on disk for an absent daemon.")

    @cached_property
    def url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'telemetry.sqlite').as_posix()}"


def read_settings(**overrides: object) -> Settings:
    """The settings of this process; keyword arguments win over the environment.

    Raises:
        BadSetting: a value that cannot be used, named with its variable.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks the values itself
    except ValidationError as error:
        first = error.errors()[0]
        raise BadSetting(f"PS_{str(first['loc'][0]).upper()}", f"{first['msg']}.") from None
