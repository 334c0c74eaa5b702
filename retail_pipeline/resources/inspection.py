"""What the checks of a run find, looked for once, whichever of its steps asks."""

import datetime as dt
from collections.abc import Collection

import dagster as dg
from pydantic import PrivateAttr

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.steps.health import CHECKS, Outcome, evaluate
from retail_pipeline.warehouse.connection import Warehouse

AFTER_ASSETS = {"dagster/priority": "-1"}
"""Tags of a step that looks at what the others of its run have made: those that are ready go first."""


class Inspection(dg.ConfigurableResource):
    """Evaluates a check once a run: the verdict on the pipeline and the checks that Dagster shows are of one look."""

    _found: dict[str, Outcome] = PrivateAttr(default_factory=dict)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Nothing has been looked at in this run."""
        del context
        self._found = {}

    def outcomes(
        self, fleet: Fleet, warehouse: Warehouse, keys: Collection[str], now: dt.datetime
    ) -> dict[str, Outcome]:
        """Outcomes of the checks with these keys (`table/name`), as `evaluate` finds them at the first look."""
        if unknown := [key for key in keys if key not in self._found]:
            self._found |= evaluate(fleet, warehouse, unknown, now)
        return {key: self._found[key] for key in CHECKS if key in keys}
