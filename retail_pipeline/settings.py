"""What the environment says: one place that reads `RETAIL_*`, at use and never at import."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConfigurationError(Exception):
    """The environment is wrong; the message lists every variable and what to do. Exit code 2."""


class Settings(BaseSettings):
    """Configuration of one process; nothing set means the demo on this machine."""

    model_config = SettingsConfigDict(env_prefix="RETAIL_", frozen=True, env_ignore_empty=True)

    fleet: Path | None = Field(default=None, description="fleet file; unset: the demo fleet on simulated devices")
    database_url: SecretStr | None = Field(default=None, description="warehouse; unset: embedded Postgres in home")
    database_without_tls: Literal["yes", "no"] = Field(default="no", description="yes: allow sslmode=disable anywhere")
    home: Path = Field(default=Path(".retail"), description="where the embedded Postgres, logs and simulator live")
    horizon_days: int = Field(default=31, ge=3, le=366, description="hours older than this have no partition")
    recovery_runs: int = Field(default=2, ge=1, le=50, description="recovery runs under way at once")
    runs_kept_days: int = Field(default=30, ge=2, le=3660, description="Dagster's runs older than this are removed")
    alert_urls: SecretStr | None = Field(default=None, description="who is told of failures, as apprise writes it")
    celery_broker_url: SecretStr | None = Field(default=None, description="Redis between Dagster and Celery workers")
    location: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$", description="name of this code location")
    organizations: str | None = Field(default=None, description="ids that this code location serves, with commas")

    @property
    def organization_ids(self) -> frozenset[str]:
        """The organisations of this code location; empty means all."""
        return frozenset(part.strip() for part in (self.organizations or "").split(",") if part.strip())


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        ConfigurationError: every variable that is wrong, one line each.
    """
    settings, problems = settings_and_problems()
    if problems:
        raise ConfigurationError("The environment is not right:\n" + "\n".join(problems))
    return settings


def settings_and_problems() -> tuple[Settings, list[str]]:
    """The settings, and a sentence for each variable that is wrong; its setting is as if it were not set."""
    try:
        return Settings(), []
    except ValidationError as error:
        found = error.errors()
    wrong = {str(one["loc"][0]): Settings.model_fields[str(one["loc"][0])].default for one in found}
    return Settings(**wrong), [f"RETAIL_{str(one['loc'][0]).upper()}: {one['msg']}" for one in found]
