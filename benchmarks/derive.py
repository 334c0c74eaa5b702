"""What: hourly counts of many stores and days into zones, hours and daily summaries, without reading or writing.

Yardsticks: the same sums (entries, exits and occupancy of every zone and hour; entries, exits, passers-by, occupancy of
every store's hour; entries, exits, passers-by and peak of every day) as one lazy Polars query by hand, and as one SQL
statement over a table of the same rows. Both know one device in front and nothing of clock changes, missing or late
intervals, several devices, drift, estimates, completeness or quality, which make up most of what is derived here.
"""

import datetime as dt

import polars as pl
import psycopg

from benchmarks.counts import made_counts
from benchmarks.fleet import DAY, made_fleet
from benchmarks.ground import own_postgres, warehouse_of
from benchmarks.measure import Contender, interleaved
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.frames.counts import through_doors
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.frames.numbered import numbered, placed
from retail_pipeline.frames.zones import virtual_region_occupancy, zone_doors
from retail_pipeline.warehouse.tables import write_counts

_ZONES = {
    "entrance": (["line1_in", "line2_out"], ["line1_out", "line2_in"]),
    "shopping": (["line2_in", "line3_out"], ["line2_out", "line3_in"]),
    "queue": (["line3_in"], ["line3_out"]),
}


def run(sizes: Sizes) -> list[Figure]:
    """One figure."""
    fleet = made_fleet(sizes.derived_stores, 1)
    rows = made_counts(fleet, DAY, sizes.derived_days)
    with own_postgres() as postgres, warehouse_of(fleet, postgres) as (url, warehouse):
        with warehouse.transaction() as connection:
            write_counts(connection, Report.LINES, rows)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE retail.raw_sensor_counts")
            timings = interleaved(
                [
                    Contender("derived", lambda: derived(fleet, rows)),
                    Contender("Polars", lambda: one_query(rows)),
                    Contender("found", lambda: found(fleet, rows)),
                    Contender("SQL", lambda: connection.execute(_SQL)),
                ],
                sizes.rounds,
            )
    size = f"{sizes.derived_stores:,} stores x {sizes.derived_days} days, {rows.height:,} rows"
    words = (
        f"the quicker of one lazy Polars query and one SQL statement ({timings.median('SQL'):.2f} s) of the same sums"
    )
    limit = f"to find each crossing's line, zone and hour takes {timings.median('found') * 1000:,.0f} ms already"
    yardsticks = ["Polars", "SQL"]
    return [
        Figure.of(
            timings, "derive", size, ours="derived", yardsticks=yardsticks, yardstick=words, target=1.5, limit=limit
        )
    ]


def found(fleet: Fleet, rows: pl.DataFrame) -> pl.DataFrame:
    """What comes before any sum, where lines, devices and clocks differ from store to store."""
    hours = numbered(trading_day_hours(fleet.stores, *_first_and_last(rows)))
    return through_doors(placed(rows, hours), zone_doors(fleet.stores)).collect()


def _first_and_last(rows: pl.DataFrame) -> tuple[dt.date, dt.date]:
    start, end = rows.select(first=pl.col("interval_start").min(), last=pl.col("interval_start").max()).row(0)
    return start.date(), end.date()


def derived(fleet: Fleet, rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Zones, hours and days of all stores, so many stores at a time as a run takes."""
    first, last = _first_and_last(rows)
    as_of = dt.datetime.combine(last, dt.time(), dt.UTC) + dt.timedelta(days=2)
    hours = trading_day_hours(fleet.stores, first, last)
    zones = virtual_region_occupancy(rows, fleet.stores, hours)
    hourly = hourly_analytics(rows, fleet.stores, hours, as_of)
    return [zones, hourly, daily_summaries(hourly, fleet.stores, hours, as_of)]


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
