"""Live counters beside the rows of the same device: what these allow, and who is inside at this moment.

A counter is a total over all lines since the device's midnight, and never falls until the next. It lies between the
people of the rows that had ended when it was read and of those that had begun; else one of the two is wrong.
"""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.counts import crossings, entrance_crossings, lines_frame
from retail_pipeline.frames.ratios import minutes_between
from retail_pipeline.frames.schemas import LIVE_COUNTERS, SNAPSHOTS, conform
from retail_pipeline.frames.snapshots import WHOLE_STORE

SLACK = pl.duration(minutes=2)
"""How far the clock that stamps rows and the clock at the reading may be apart."""

AT_MIDNIGHT = "was read around its midnight, when it resets its counters"
RESET = "holds fewer people in its counters than in its rows, or than before: they were reset during the day"
UNDECLARED = "counts people on a line that the fleet file does not declare, and counters add up all lines"
UNKNOWN = "lacks rows between its midnight and the beginning of the trading day"

_WAYS = ("in", "out")
_RUNNING = ("people_in", "people_out", "minutes", "interval_end")
_DAY = ("sensor_id", "counting_since")


def beside_rows(readings: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    """Readings (`LIVE_COUNTERS`) with what may stand in them, sorted by device and time.

    Adds `least_in`, `least_out`: people of the complete rows since `counting_since` that had ended, or of an earlier
    reading if that is more; and `most_in`, `most_out`: people of the rows that had begun, NULL unless all of these are
    there and complete. Readings around the device's midnight are left out. `raw` are rows of `raw_sensor_counts`.
    """
    rows = _running(raw)
    told = readings.drop_nulls("counting_since").with_columns(
        (pl.col("shown_at") - SLACK).alias("before"), (pl.col("shown_at") + SLACK).alias("after")
    )
    told = _with_latest(told, rows, "counting_since", "interval_end", "_midnight")
    told = _with_latest(told, rows, "before", "interval_end", "_ended")
    told = _with_latest(told, rows, "after", "interval_start", "_begun").sort("sensor_id", "observed_at")
    counted = pl.col("minutes_begun") - pl.col("minutes_midnight")
    all_there = (counted == minutes_between("counting_since", "interval_end_begun")) & (
        pl.col("interval_end_begun") > pl.col("after")
    )
    return told.select(
        *LIVE_COUNTERS,
        *(pl.max_horizontal(_since_midnight(way, "ended"), _earlier(way)).alias(f"least_{way}") for way in _WAYS),
        *(pl.when(all_there).then(_since_midnight(way, "begun")).alias(f"most_{way}") for way in _WAYS),
    )


def live_occupancy(
    readings: pl.DataFrame, raw: pl.DataFrame, stores: Sequence[Store], days: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Who is inside each store by the newest reading of its doors: a frame of `SNAPSHOTS`; and why others do not tell.

    The second frame is `sensor_id`, `reason`. A store is told when each of its active devices with an entrance line is
    `live` and its newest reading can be believed. `readings` are those of the day, with the bounds of `beside_rows`;
    `days` (`store_id`, `day_start`) say when the trading day began, since which people are counted: rows between then
    and the device's midnight are added, or taken away.
    """
    doors = _doors(stores)
    newest = readings.sort("observed_at").group_by("sensor_id").last()
    judged = (
        newest.join(doors.filter("live"), on=["store_id", "sensor_id"])
        .join(days, on="store_id")
        .join(_undeclared(raw, stores), on="sensor_id", how="left")
    )
    judged = _with_rows_between(judged, raw, stores).with_columns(_reason().alias("reason"))
    told = judged.filter(pl.col("reason").is_null()).join(doors.group_by("store_id").len("doors"), on="store_id")
    snapshots = (
        told.group_by("store_id", "organization_id", "doors")
        .agg(_net().sum().clip(lower_bound=0).alias("occupancy"), pl.col("observed_at").min(), pl.len().alias("told"))
        .filter(pl.col("told") == pl.col("doors"))
        .with_columns(
            pl.lit(WHOLE_STORE).alias("zone"),
            pl.lit(value=True).alias("is_provisional"),
            pl.lit("live_counters").alias("source"),
        )
        .sort("store_id")
    )
    untold = judged.drop_nulls("reason").select("sensor_id", "reason").sort("sensor_id")
    return conform(snapshots, SNAPSHOTS), untold


def _running(raw: pl.DataFrame) -> pl.DataFrame:
    people = [pl.col(f"total_{way}").cast(pl.Int64).alias(f"people_{way}") for way in _WAYS]
    return (
        raw.filter("is_complete")
        .sort("sensor_id", "interval_start")
        .with_columns(*people, minutes_between("interval_start", "interval_end").alias("minutes"))
        .select(
            *("sensor_id", "interval_start", "interval_end"),
            pl.col("people_in", "people_out", "minutes").cum_sum().over("sensor_id"),
        )
    )


def _with_latest(told: pl.DataFrame, rows: pl.DataFrame, at: str, bound: str, suffix: str) -> pl.DataFrame:
    """Adds the running sums of the device's latest row whose `bound` is not after `at`; 0 before its first."""
    latest = rows.select("sensor_id", pl.col(bound).alias("bound"), pl.col(_RUNNING).name.suffix(suffix))
    joined = told.sort(at).join_asof(
        latest.sort("bound"), left_on=at, right_on="bound", by="sensor_id", check_sortedness=False, coalesce=False
    )
    sums = [f"{name}{suffix}" for name in ("people_in", "people_out", "minutes")]
    return joined.drop("bound").with_columns(pl.col(sums).fill_null(0))


def _since_midnight(way: str, moment: str) -> pl.Expr:
    return pl.col(f"people_{way}_{moment}") - pl.col(f"people_{way}_midnight")


def _earlier(way: str) -> pl.Expr:
    return pl.col(f"{way}_count").cum_max().shift().over(_DAY)


def _doors(stores: Sequence[Store]) -> pl.DataFrame:
    doors = [
        (store.id, device.id, device.live, any(line.inverted for line in device.lines.values()))
        for store in stores
        for device in store.active_devices
        if device.is_entrance
    ]
    schema = {"store_id": pl.String(), "sensor_id": pl.String(), "live": pl.Boolean(), "inverted": pl.Boolean()}
    return pl.DataFrame(doors, schema=schema, orient="row")


def _undeclared(raw: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Devices of which a row holds people on a line that nobody declared."""
    lines = lines_frame(stores)
    declared = crossings(raw, lines).group_by("sensor_id").agg(pl.sum("in_count", "out_count"))
    counted = raw.group_by("sensor_id").agg((pl.col("total_in") + pl.col("total_out")).cast(pl.Int64).sum())
    both = counted.join(declared, on="sensor_id")
    is_more = pl.col("total_in") > pl.col("in_count") + pl.col("out_count")
    return both.filter(is_more).select("sensor_id", pl.lit(value=True).alias("has_undeclared"))


def _with_rows_between(judged: pl.DataFrame, raw: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Adds `net_between`: people gained between the device's midnight and the beginning of the day; NULL: rows lack."""
    first, last = pl.min_horizontal("counting_since", "day_start"), pl.max_horizontal("counting_since", "day_start")
    spans = judged.select("sensor_id", first.alias("first"), last.alias("last"))
    entered = entrance_crossings(crossings(raw.filter("is_complete"), lines_frame(stores)))
    by_row = entered.group_by("sensor_id", "interval_start", "interval_end").agg(
        (pl.col("in_count") - pl.col("out_count")).sum().alias("net")
    )
    between = (
        by_row.join(spans, on="sensor_id")
        .filter(pl.col("interval_start") >= pl.col("first"), pl.col("interval_end") <= pl.col("last"))
        .group_by("sensor_id")
        .agg(pl.col("net").sum(), minutes_between("interval_start", "interval_end").sum().alias("counted"))
    )
    told = spans.join(between, on="sensor_id", how="left").with_columns(pl.col("net", "counted").fill_null(0))
    is_whole = pl.col("counted") == minutes_between("first", "last")
    return judged.join(
        told.select("sensor_id", pl.when(is_whole).then("net").alias("net_between")), on="sensor_id", how="left"
    )


def _reason() -> pl.Expr:
    is_reset = pl.any_horizontal(pl.col(f"{way}_count") < pl.col(f"least_{way}") for way in _WAYS)
    return (
        pl.when(is_reset)
        .then(pl.lit(RESET))
        .when("has_undeclared")
        .then(pl.lit(UNDECLARED))
        .when(pl.col("net_between").is_null())
        .then(pl.lit(UNKNOWN))
    )


def _net() -> pl.Expr:
    """People gained since the trading day began."""
    gained = (pl.col("in_count") - pl.col("out_count")).cast(pl.Int64)
    inside = pl.when("inverted").then(-gained).otherwise(gained)
    is_later = pl.col("counting_since") > pl.col("day_start")
    return inside + pl.when(is_later).then("net_between").otherwise(-pl.col("net_between"))
