"""The fleet file as a Dagster resource: read anew at every use, so that edits need no restart."""

import dagster as dg

from retail_pipeline.fleet.load import FleetError, load_fleet
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.demo import demo_fleet
from retail_pipeline.settings import Settings, read_settings


def load_declared_fleet(simulator_url: str | None = None, settings: Settings | None = None) -> Fleet:
    """The fleet that `RETAIL_FLEET` names, or the demo; cut down to `RETAIL_ORGANIZATIONS` where those are set.

    `simulator_url` is where the demo's devices answer; without it their urls lead nowhere, which is fine for all that
    asks no device. `settings`: those of this process where they are read already.

    Raises:
        FleetError: the file is missing or wrong; the message names line and field. Or it declares no organisation of a
            name in `RETAIL_ORGANIZATIONS`, whose stores nobody would ask.
    """
    settings = settings or read_settings()
    fleet = load_fleet(settings.fleet) if settings.fleet else demo_fleet(simulator_url)
    if not settings.organization_ids:
        return fleet
    known = {one.id for one in fleet.organizations}
    if unknown := sorted(settings.organization_ids - known):
        raise FleetError(
            [
                f"RETAIL_ORGANIZATIONS names {one}, which {settings.fleet or 'the demo fleet'} does not declare; "
                f"it declares {', '.join(sorted(known)) or 'none'}"
                for one in unknown
            ]
        )
    return fleet.only(settings.organization_ids)


class FleetFile(dg.ConfigurableResource):
    """Reads the declared fleet."""

    def load(self) -> Fleet:
        """The fleet as it stands in the file now."""
        return load_declared_fleet()
