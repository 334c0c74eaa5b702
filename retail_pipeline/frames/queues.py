"""`queue_alerts`: hours in which a queue was longer, or took longer, than its store allows."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.schemas import QUEUE_ALERTS, conform

_LIMITS = {"store_id": pl.String(), "length": pl.Int64(), "minutes": pl.Float64()}


def queue_alerts(zone_hours: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Rows of `zone_hours` whose queue passes a limit of `queue_alert`: a frame of `QUEUE_ALERTS`, sorted by key.

    `threshold` names the limits that were passed, as the fleet file writes them. Stores that state none have no row; a
    wait that could not be told (NULL) passes nothing. The open hour may stand here: it can only get worse.
    """
    limits = [(store.id, store.queue_alert.length, store.queue_alert.minutes) for store in stores if store.queue_alert]
    is_longer = pl.col("queue_length_max") > pl.col("length")
    takes_longer = pl.col("wait_minutes") > pl.col("minutes")
    passed = [
        pl.when(is_longer).then(pl.format("length: {}", "length")),
        pl.when(takes_longer).then(pl.format("minutes: {}", _plain("minutes"))),
    ]
    return conform(
        zone_hours.join(pl.DataFrame(limits, schema=_LIMITS, orient="row"), on="store_id")
        .filter((is_longer | takes_longer).fill_null(value=False))
        .with_columns(pl.concat_str(passed, separator=", ", ignore_nulls=True).alias("threshold"))
        .sort("store_id", "zone", "hour_start"),
        QUEUE_ALERTS,
    )


def _plain(name: str) -> pl.Expr:
    """`8` for 8.0, `7.5` for 7.5."""
    return pl.col(name).cast(pl.String).str.strip_suffix(".0")
