"""Forgetting an organisation: everything of it leaves the warehouse at once, when nobody collects for it any more."""

import datetime as dt
from dataclasses import dataclass

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.forgetting import declared_until, last_served, remove_all_of, rows_of, stores_of

UNSERVED = dt.timedelta(days=1)
"""Whose devices nobody has asked for so long is served by no code location, which asks every half hour."""


class ForgetRefusedError(Exception):
    """The organisation is still declared, or was never known; whoever asked acts."""


@dataclass(frozen=True)
class Forgotten:
    """Rows of each table that belonged to it, and its stores."""

    rows: dict[str, int]
    stores: tuple[str, ...]


def forget(fleet: Fleet, warehouse: Warehouse, organization_id: str, now: dt.datetime, *, apply: bool) -> Forgotten:
    """Count what belongs to the organisation, and with `apply` remove it: all of it, or nothing.

    Raises:
        ForgetRefusedError: collecting would bring it back, or nothing is known of it.
        WarehouseError: the database refused; nothing was removed.
    """
    if organization_id in fleet.elsewhere.union(one.id for one in fleet.organizations):
        raise ForgetRefusedError(
            f"The fleet file declares {organization_id}: take it and its stores out first, or it comes back."
        )
    with warehouse.transaction() as connection:
        is_known, is_declared = declared_until(connection, organization_id)
        if not is_known:
            raise ForgetRefusedError(f"The warehouse knows no organization {organization_id}.")
        if is_declared and now < (over := last_served(connection, organization_id) + UNSERVED):
            raise ForgetRefusedError(
                f"{organization_id} has not left the fleet yet: the pipeline that serves it notices within half "
                "a minute, when it runs with a fleet file without it. Where its code location is gone, try again "
                f"after {over:%Y-%m-%d %H:%M} UTC, when nobody has asked its devices for a day."
            )
        stores = tuple(stores_of(connection, organization_id))
        rows = remove_all_of(connection, organization_id) if apply else rows_of(connection, organization_id)
    return Forgotten(rows, stores)
