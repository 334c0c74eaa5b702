"""What is wrong with environment and fleet file, all of it in one message before anything starts. Asks nobody."""

import os
from collections.abc import Callable, Iterator
from functools import partial

from retail_pipeline.devices.auth import variables_of
from retail_pipeline.fleet.load import FleetError
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.resources.alert_receivers import alert_receivers
from retail_pipeline.resources.dagster_url import dagster_url_problems
from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.report_receivers import NoReceiver, report_receivers
from retail_pipeline.settings import ConfigurationError, Settings, settings_and_problems
from retail_pipeline.warehouse.errors import InvalidDatabaseUrl
from retail_pipeline.warehouse.url import check_url

REFUSALS = (ConfigurationError, FleetError, InvalidDatabaseUrl)


def check_configuration() -> list[str]:
    """Refuse to start with what is wrong; returns what stops only a part: devices and recipients of reports.

    Raises:
        ConfigurationError: everything that is wrong, a line each.
    """
    settings, wrong = settings_and_problems()
    wrong += _refusals(settings)
    if wrong:
        raise ConfigurationError("The configuration is not right:\n" + "\n".join(wrong))
    fleet = load_declared_fleet()
    unsent = [one.problem for them in report_receivers(fleet).values() for one in them if isinstance(one, NoReceiver)]
    return [*unsent, *(_missing_secrets(fleet) if settings.fleet else ())]  # the demo brings its own secrets


def _refusals(settings: Settings) -> Iterator[str]:
    checks: list[Callable[[], object]] = [partial(load_declared_fleet, settings=settings)]
    checks.append(partial(alert_receivers, settings))
    if settings.database_url:
        checks.append(partial(check_url, settings.database_url.get_secret_value()))
    for check in checks:
        try:
            check()
        except REFUSALS as error:
            yield from str(error).splitlines()
    yield from dagster_url_problems()


def _missing_secrets(fleet: Fleet) -> Iterator[str]:
    devices = [device for store in fleet.stores for device in store.sensors if device.active]
    for credential in sorted({device.credential for device in devices if device.credential}):
        unset = [name for name in variables_of(credential) if name not in os.environ]
        if unset:
            asked = sum(device.credential == credential for device in devices)
            yield f"{' and '.join(unset)}: not set; {asked} devices will refuse to be asked."
