"""Keeping house: what is older than an organisation keeps is removed, and is never derived anew from what is left."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from retail_pipeline.fleet.keeping import COUNTS, DAYS, HOURS, REPLIES, RULES, Age, Keep
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames.comparison import LAST_YEAR
from retail_pipeline.frames.device_off import WEEKS_BACK
from retail_pipeline.frames.imputation import LOOK_BACK
from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline.warehouse import keeping
from retail_pipeline.warehouse.attempts import StoreDay
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.keeping import NOBODY, KeptFrom

DAY = dt.timedelta(days=1)
NIGHT = dt.timedelta(hours=1)
"""The longest that one night's removal takes; a first one with years behind it goes on the next night."""

Removed = Counter[tuple[str, str]]
"""Rows by table and organisation."""


class KeepRefusedError(Exception):
    """An organisation keeps less than the partitions look back at; whoever wrote the fleet file acts."""


@dataclass
class Housework:
    """What was removed, and whether that was all; `unserved` organisations are declared by no fleet file any more."""

    removed: Removed = field(default_factory=Counter)
    is_finished: bool = True
    unserved: tuple[str, ...] = ()


def keep_house(
    fleet: Fleet,
    warehouse: Warehouse,
    *,
    first_hour: dt.datetime,
    first_day: dt.date,
    clock: Callable[[], dt.datetime],
) -> Housework:
    """Remove what is older than its organisation keeps it, table by table and oldest first, in short transactions.

    Of the organisations that `fleet` speaks for, and of those that have left, by the times that count where nothing is
    declared. Hours from `first_hour` and days from `first_day` can be derived.

    Raises:
        KeepRefusedError: an organisation keeps less than deriving those needs; nothing was removed.
    """
    now = clock()
    known = keeping.organizations(warehouse)
    ages = _ages(fleet, [one for one, is_declared in known.items() if not is_declared or _is_its_own(fleet, one)])
    limits = keeping.limits(warehouse, ages, now)
    _refuse_what_is_looked_at(limits, first_hour, first_day)
    with warehouse.transaction() as connection:
        keeping.move_kept_since(connection, limits, now)
    done = Housework(unserved=_unserved(fleet, known))
    for rule in (one for one in RULES if one.kept_as):
        kept = _kept(limits, str(rule.kept_as), rule.owner) | _of_nobody(str(rule.kept_as), now)
        for removed in keeping.remove_old(warehouse, rule, kept):
            done.removed += Counter({(rule.table, organization): rows for organization, rows in removed.items()})
            if clock() - now > NIGHT:
                done.is_finished = False
                return done
    return done


def still_kept(warehouse: Warehouse, days: Iterable[StoreDay], table: str) -> set[StoreDay]:
    """The days of which `table` still holds everything: others keep the figures that they have."""
    kept = keeping.kept_since(warehouse, table)
    return {(store_id, day) for store_id, day in days if store_id not in kept or day >= kept[store_id].first_day}


def not_removed(warehouse: Warehouse, hours: pl.DataFrame) -> pl.DataFrame:
    """The `hours` (store_id, hour_start) without those whose counts were removed: they are not missing."""
    kept = keeping.kept_since(warehouse, COUNTS)
    since = pl.DataFrame(
        {"store_id": list(kept), "since": [one.since for one in kept.values()]},
        schema={"store_id": pl.String(), "since": UTC_TIME},
    )
    gone = hours.join(since, on="store_id").filter(pl.col("hour_start") < pl.col("since"))
    return hours.join(gone, on=["store_id", "hour_start"], how="anti", maintain_order="left")


def _is_its_own(fleet: Fleet, organization_id: str) -> bool:
    return fleet.scope is None or organization_id in fleet.scope


def _unserved(fleet: Fleet, known: Mapping[str, bool]) -> tuple[str, ...]:
    """Whose location is gone: it alone could have written down that they left, so nobody may remove their rows."""
    declared = {one for one, is_declared in known.items() if is_declared}
    return tuple(sorted(one for one in declared - fleet.elsewhere if not _is_its_own(fleet, one)))


def _ages(fleet: Fleet, organizations: Iterable[str]) -> dict[tuple[str, str], Age]:
    declared = {one.id: one.keep for one in fleet.organizations}
    return {
        (organization, table): age
        for organization in organizations
        for table in (REPLIES, COUNTS, HOURS, DAYS)
        if (age := declared.get(organization, Keep()).age(table)) is not None
    }


def _kept(limits: pl.DataFrame, table: str, owner: str) -> dict[str, KeptFrom]:
    """The limits of stores, or of organisations: of these the earliest of their stores'."""
    of_table = limits.filter(pl.col("table_name") == table)
    rows = of_table.group_by(owner).agg(pl.col("first_day").min(), pl.col("since").min())
    return {name: KeptFrom(day, since) for name, day, since in rows.iter_rows()}


def _of_nobody(table: str, now: dt.datetime) -> dict[str, KeptFrom]:
    age = Keep().age(table)
    return {} if age is None else {NOBODY: KeptFrom(age.before(now).date(), age.before(now))}


def _refuse_what_is_looked_at(limits: pl.DataFrame, first_hour: dt.datetime, first_day: dt.date) -> None:
    """Figures of the partitions that exist must come out the same whenever they are derived."""
    needed = {
        COUNTS: first_hour.date() - max(WEEKS_BACK) - DAY,
        HOURS: first_hour.date() - LOOK_BACK - 2 * DAY,
        DAYS: first_day - LAST_YEAR - DAY,
    }
    problems = sorted(
        {
            f"{organization}, {table}: kept since {first} only, and what has partitions looks back to {needed[table]}"
            for _, organization, table, first, _ in limits.iter_rows()
            if table in needed and first > needed[table]
        }
    )
    if problems:
        raise KeepRefusedError(
            "Nothing was removed. Keep more in the fleet file (organizations, keep), or lower RETAIL_HORIZON_DAYS. "
            + "; ".join(problems)
        )
