"""The sensor APIs as a Dagster resource: builds the device client, and the simulated devices when no fleet is named."""

import os
from collections.abc import Iterator, Sequence

import dagster as dg

from retail_pipeline.devices.auth import env_credentials
from retail_pipeline.devices.client import Answer, fetch_in_parts
from retail_pipeline.devices.models import Ask
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.demo import demo_environment
from retail_pipeline.local.simulator import ensure_simulator
from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.settings import read_settings


class SensorApis(dg.ConfigurableResource):
    """Asks counting devices; credentials come from `RETAIL_CREDENTIAL_*` at use, never from configuration."""

    def fleet(self) -> Fleet:
        """The declared fleet with devices that answer: the demo's are started when they are not running."""
        settings = read_settings()
        if settings.fleet:
            return load_declared_fleet()
        return load_declared_fleet(ensure_simulator(settings.home).base_url)

    def fetch(self, asks: Sequence[Ask]) -> Iterator[Answer | None]:
        """An answer per ask as they come; None while nothing comes, so that what is there can be written."""
        environment = os.environ if read_settings().fleet else {**os.environ, **demo_environment()}
        return fetch_in_parts(asks, env_credentials(environment))
