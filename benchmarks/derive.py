"""What: hourly counts of many stores and days into zones, hours and daily summaries, without reading or writing.

Yardsticks, two. The same sums (entries, exits and occupancy of every zone and hour; entries, exits, passers-by,
occupancy of every store's hour; entries, exits, passers-by and peak of every day), which is a quarter of the columns,
as one lazy Polars query by hand and as one SQL statement over a table of the same rows. And every column of the three
tables, to the last digit, by one lazy query for this layout alone (`derive_by_hand.py`): what is above that is the
price of stores that differ, clocks that change, and intervals that are missing, late or shared by several devices. In
memory, this query takes a sixth longer here, among other contenders, than in turns with our own derivation alone.

Further a running fleet's derivation of an hour, with reading and writing: beside the same with no week behind it, which
has nothing to compare with.
"""

import datetime as dt

import polars as pl
import psycopg
from polars.testing import assert_frame_equal

from benchmarks.counts import made_counts
from benchmarks.derive_by_hand import everything_by_hand
from benchmarks.fleet import DAY, HOUR, made_fleet
from benchmarks.ground import own_postgres, warehouse_of
from benchmarks.measure import Contender, Timings, interleaved
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.frames.coverage import coverage
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.imputation import LOOK_BACK
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.frames.numbered import numbered, placed
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.tables import write_counts, write_hourly

_ZONES = {
    "entrance": (["line1_in", "line2_out"], ["line1_out", "line2_in"]),
    "shopping": (["line2_in", "line3_out"], ["line2_out", "line3_in"]),
    "queue": (["line3_in"], ["line3_out"]),
}

_BY_HAND = ("streamed", "in memory")


def run(sizes: Sizes) -> list[Figure]:
    """The same time beside both yardsticks, and that of an hour with history."""
    return [*_of_many_days(sizes), _of_an_hour(sizes)]


def _of_many_days(sizes: Sizes) -> list[Figure]:
    """Both figures of many days.

    Raises:
        AssertionError: the query by hand makes other figures, so that their times can't be compared.
    """
    fleet = made_fleet(sizes.derived_stores, 1)
    rows = made_counts(fleet, DAY, sizes.derived_days)
    for ours, by_hand in zip(derived(fleet, rows), everything_by_hand(rows, "in-memory"), strict=True):
        assert_frame_equal(ours, by_hand, check_exact=True)
    with own_postgres() as postgres, warehouse_of(fleet, postgres) as (url, warehouse):
        with warehouse.transaction() as connection:
            write_counts(connection, Report.LINES, rows)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE retail.raw_sensor_counts")
            timings = interleaved(
                [
                    Contender("derived", lambda: derived(fleet, rows)),
                    Contender("Polars", lambda: one_query(rows)),
                    Contender("streamed", lambda: everything_by_hand(rows, "streaming")),
                    Contender("in memory", lambda: everything_by_hand(rows, "in-memory")),
                    Contender("SQL", lambda: connection.execute(_SQL)),
                    Contender("general", lambda: only_general(fleet, rows)),
                ],
                sizes.rounds,
            )
    return _figures(timings, f"{sizes.derived_stores:,} stores x {sizes.derived_days} days, {rows.height:,} rows")


def _of_an_hour(sizes: Sizes) -> Figure:
    fleet = made_fleet(sizes.dagster_stores, 1)
    with (
        own_postgres() as postgres,
        warehouse_of(fleet, postgres) as (young_url, young),
        warehouse_of(fleet, postgres) as (old_url, old),
    ):
        _write_past(fleet, old)
        for url, warehouse in ((young_url, young), (old_url, old)):
            with warehouse.transaction() as connection:
                write_counts(connection, Report.LINES, made_counts(fleet))
            with psycopg.connect(url, autocommit=True) as plain:
                plain.execute("VACUUM ANALYZE")
        hours = {store_id: [DAY + 12 * HOUR] for store_id in fleet.store_ids}
        timings = interleaved(
            [
                Contender("old", lambda: derive_hours(fleet, old, hours, _two_days_after(DAY), "bench")),
                Contender("young", lambda: derive_hours(fleet, young, hours, _two_days_after(DAY), "bench")),
            ],
            sizes.rounds,
        )
    what = "derive an hour, eleven weeks behind it"
    size = f"{sizes.dagster_stores:,} stores, read and written, nothing new"
    beside = "the same with no week behind it"
    return Figure.of(timings, what, size, ours="old", yardsticks=["young"], yardstick=beside)


def _write_past(fleet: Fleet, warehouse: Warehouse) -> None:
    first = DAY - LOOK_BACK
    hours = trading_day_hours(fleet.stores, first.date(), DAY.date() - dt.timedelta(days=1))
    counts = made_counts(fleet, first, LOOK_BACK.days)
    past = hourly_analytics(counts, fleet.stores, hours, DAY).with_columns(run_id=pl.lit("bench"))
    whole = past.group_by("store_id").agg(start=pl.col("hour_start").min(), end=pl.col("hour_end").max())
    with warehouse.transaction() as connection:
        write_hourly(connection, past, whole)


def _figures(timings: Timings, size: str) -> list[Figure]:
    sums = f"the quicker of one lazy Polars query and one SQL statement ({timings.median('SQL'):.2f} s) of those sums"
    by_hand = min(timings.median(name) for name in _BY_HAND)
    many = f"every column by hand takes {by_hand * 1000:,.0f} ms, {by_hand / timings.median('Polars'):.1f} x the sums"
    columns = "one lazy Polars query of the same columns, for this layout alone, on the quicker engine"
    general = timings.median("general") * 1000
    taken = (
        f"calendars, each row's hour and how much was measured take {general:,.0f} ms; by hand they are taken as known"
    )
    return [
        Figure.of(
            timings,
            "derive, beside a few sums",
            size,
            ours="derived",
            yardsticks=["Polars", "SQL"],
            yardstick=sums,
            target=1.5,
            limit=many,
        ),
        Figure.of(
            timings,
            "derive, column for column",
            size,
            ours="derived",
            yardsticks=_BY_HAND,
            yardstick=columns,
            target=1.5,
            limit=taken,
        ),
    ]


def _first_and_last(rows: pl.DataFrame) -> tuple[dt.date, dt.date]:
    start, end = rows.select(first=pl.col("interval_start").min(), last=pl.col("interval_start").max()).row(0)
    return start.date(), end.date()


def derived(fleet: Fleet, rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Zones, hours and days of all stores together, as a run has those of some stores (`DAYS_TOGETHER`)."""
    first, last = _first_and_last(rows)
    as_of = _two_days_after(last)
    hours = numbered(trading_day_hours(fleet.stores, first, last))
    zones = virtual_region_occupancy(rows, fleet.stores, hours)
    hourly = hourly_analytics(rows, fleet.stores, hours, as_of)
    return [zones, hourly, daily_summaries(hourly, fleet.stores, hours, as_of)]


def only_general(fleet: Fleet, rows: pl.DataFrame) -> pl.DataFrame:
    """What the queries by hand have no need of: calendars, the hour that each row lies in, and what is missing."""
    first, last = _first_and_last(rows)
    hours = numbered(trading_day_hours(fleet.stores, first, last))
    return coverage(placed(rows, hours), hours, fleet.stores, _two_days_after(last)).collect(engine="in-memory")


def _two_days_after(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(days=2)


def one_query(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """The same sums, written for this layout of lines and no other."""
    by_hour = rows.lazy().with_columns(day=pl.col("interval_start").dt.date()).sort("store_id", "interval_start")
    zones = pl.concat([_zone(by_hour, zone, *lines) for zone, lines in _ZONES.items()])
    net = pl.col("entries") - pl.col("exits")
    hourly = by_hour.select(
        "store_id",
        "interval_start",
        "day",
        entries=pl.col("line1_in"),
        exits=pl.col("line1_out"),
        passers_by=pl.col("line4_in") + pl.col("line4_out"),
    ).with_columns(occupancy=net.cum_sum().over("store_id", "day").clip(lower_bound=0))
    daily = hourly.group_by("store_id", "day").agg(
        pl.col("entries", "exits", "passers_by").sum(),
        peak=pl.col("entries").max(),
        peak_hour=pl.col("interval_start").get(pl.col("entries").arg_max()),
        occupancy_max=pl.col("occupancy").max(),
    )
    return pl.collect_all([zones, hourly, daily], engine="streaming")


def _zone(by_hour: pl.LazyFrame, zone: str, into: list[str], out: list[str]) -> pl.LazyFrame:
    entries, exits = pl.sum_horizontal(into), pl.sum_horizontal(out)
    return by_hour.select(
        "store_id",
        "interval_start",
        zone=pl.lit(zone),
        entries=entries,
        exits=exits,
        occupancy=(entries - exits).cum_sum().over("store_id", "day").clip(lower_bound=0),
    )


# One statement; its three results are counted rather than sent, which would be the network's time and not the sums'.
_SQL = b"""
WITH hourly AS MATERIALIZED (
    SELECT
        store_id, interval_start, line1_in AS entries, line1_out AS exits, line4_in + line4_out AS passers_by,
        greatest(sum(line1_in - line1_out) OVER day, 0) AS occupancy,
        greatest(sum(line1_in + line2_out - line1_out - line2_in) OVER day, 0) AS entrance_occupancy,
        greatest(sum(line2_in + line3_out - line2_out - line3_in) OVER day, 0) AS shopping_occupancy,
        greatest(sum(line3_in - line3_out) OVER day, 0) AS queue_occupancy
    FROM retail.raw_sensor_counts
    WINDOW day AS (PARTITION BY store_id, date_trunc('day', interval_start) ORDER BY interval_start)
), daily AS MATERIALIZED (
    SELECT
        store_id, date_trunc('day', interval_start) AS day, sum(entries) AS entries, sum(exits) AS exits,
        sum(passers_by) AS passers_by, max(entries) AS peak, max(occupancy) AS occupancy_max,
        (array_agg(interval_start ORDER BY entries DESC, interval_start))[1] AS peak_hour
    FROM hourly GROUP BY 1, 2
)
SELECT (SELECT count(*) FROM hourly), (SELECT count(*) FROM daily)
"""
