"""The store partitions follow the fleet file: added at once, taken away only when nothing needs them any more."""

import dagster as dg

from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.resources.recent_runs import is_run_of

UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def add_stores(instance: dg.DagsterInstance, partitions: Partitions, fleet: Fleet) -> list[str]:
    """Give every declared store its partition key; returns the ids that are new, in the file's order."""
    name = str(partitions.stores.name)
    known = set(instance.get_dynamic_partitions(name))
    added = [store_id for store_id in fleet.store_ids if store_id not in known]
    if added:
        instance.add_dynamic_partitions(name, added)
    return added


def remove_stores(
    instance: dg.DagsterInstance, partitions: Partitions, fleet: Fleet, location: str | None
) -> list[str]:
    """Take away the keys of stores that the file no longer declares; none while a run is queued or under way.

    Until then such a store is skipped by every run: a range whose end names it stays valid.
    """
    name = str(partitions.stores.name)
    gone = [store_id for store_id in instance.get_dynamic_partitions(name) if not fleet.has_store(store_id)]
    if not gone or has_unfinished_runs(instance, location):
        return []
    for store_id in gone:
        instance.delete_dynamic_partition(name, store_id)
    return gone


def has_unfinished_runs(instance: dg.DagsterInstance, location: str | None, job: str | None = None) -> bool:
    """Whether any run of the code location (and of that job) is queued, starting or under way."""
    unfinished = instance.get_runs(dg.RunsFilter(job_name=job, statuses=UNFINISHED))
    return any(is_run_of(run, location) for run in unfinished)


def ordered_stores(instance: dg.DagsterInstance, partitions: Partitions) -> list[str]:
    """Store keys in the order of insertion, which is the order of ranges."""
    return list(instance.get_dynamic_partitions(str(partitions.stores.name)))
