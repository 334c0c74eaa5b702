"""Do a device's live counters and its rows tell of the same people? Both are its own word; rows are what is kept."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.live_counters import beside_rows
from retail_pipeline.frames.quality.findings import FINDINGS, Severity, findings
from retail_pipeline.frames.quality.thresholds import limits

_WAYS = ("in", "out")
_FEWER = (
    "the counters of {} hold {} people fewer than its rows, or than before: they were reset after midnight, or rows "
    "count people twice; see whether it lost power"
)
_MORE = "the counters of {} hold {} people more than its rows of the day: collect the day again before its log is gone"


def live_counters_agree(readings: pl.DataFrame, raw: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Findings (warn): a reading lies outside of what the rows of its device allow, by more than 5 people.

    One finding per device and day, the worst. `readings` are a frame of `LIVE_COUNTERS`, `raw` the rows of the same
    devices from the midnight before the first reading: an hour that is not there yet, or was never delivered, is no
    contradiction. `figure` is the number of people; `hour_start` the hour of the reading.
    """
    if readings.is_empty():
        return pl.DataFrame(schema=FINDINGS)
    fewer = pl.max_horizontal(pl.col(f"least_{way}") - pl.col(f"{way}_count") for way in _WAYS)
    more = pl.max_horizontal(pl.col(f"{way}_count") - pl.col(f"most_{way}") for way in _WAYS)
    told = (
        beside_rows(readings, raw)
        .join(limits(stores, "live_counters_agree"), on="store_id")
        .with_columns(fewer.alias("fewer"), more.alias("more"))
        .with_columns(pl.max_horizontal("fewer", "more").alias("figure"))
        .filter(pl.col("figure") > pl.col("live_counters_agree"))
        .sort("figure", "observed_at", descending=[True, False])
        .unique(["sensor_id", "counting_since"], keep="first", maintain_order=True)
    )
    is_fewer = pl.col("fewer") == pl.col("figure")
    advice = (
        pl.when(is_fewer)
        .then(pl.format(_FEWER, "sensor_id", "figure"))
        .otherwise(pl.format(_MORE, "sensor_id", "figure"))
    )
    shown = told.with_columns(
        pl.col("observed_at").dt.truncate("1h").alias("hour_start"),
        pl.col("live_counters_agree").alias("threshold"),
        advice.alias("advice"),
    )
    return findings(shown, "live_counters_agree", Severity.WARN)
