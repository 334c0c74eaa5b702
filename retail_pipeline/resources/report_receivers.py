"""Who is sent reports: the addresses of `RETAIL_REPORT_URLS_<NAME>` for every recipient that the fleet file names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.resources.receivers import read_receivers
from retail_pipeline.settings import ConfigurationError
from retail_pipeline.steps.report_delivery import PageReceiver


@dataclass(frozen=True)
class NoReceiver:
    """Stands for a recipient without a usable address, so that what it misses waits and is said."""

    key: str
    problem: str
    name: str = "no receiver"

    def send_page(self, title: str, body: str, html: str, file_name: str) -> str | None:  # noqa: ARG002
        """Why it can take nothing."""
        return self.problem


def report_receivers(fleet: Fleet, environment: Mapping[str, str] = os.environ) -> dict[str, list[PageReceiver]]:
    """The receivers of each recipient; a wrong variable stops neither reports nor other recipients."""
    of_stores = {name for store in fleet.stores for name in store.recipients}
    names = of_stores | {name for organization in fleet.organizations for name in organization.recipients}
    return {name: _receivers(name, environment) for name in sorted(names)}


def _receivers(name: str, environment: Mapping[str, str]) -> list[PageReceiver]:
    variable = f"RETAIL_REPORT_URLS_{name}"
    try:
        found = read_receivers(variable, environment.get(variable, ""))
    except ConfigurationError as error:
        return [NoReceiver(name, str(error))]
    return [*found] or [NoReceiver(name, f"{variable} is not set in the environment of the daemon and its runs")]
