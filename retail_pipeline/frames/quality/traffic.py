"""Does a trading day make sense: people when the shop is closed, people who never leave."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.business import keeps_hours
from retail_pipeline.frames.quality.findings import Severity, findings, graded_findings
from retail_pipeline.frames.quality.thresholds import limits
from retail_pipeline.frames.ratios import ratio


def no_ghost_traffic(daily: pl.DataFrame, stores: Sequence[Store], as_of: dt.datetime) -> pl.DataFrame:
    """Findings (warn): more than 5 % of a day's entries fall outside business hours.

    Days that have ended by `as_of`, of stores that declare opening hours. `hour_start` is the day's start, `figure`
    the share.
    """
    keeping = limits([store for store in stores if keeps_hours(store)], "no_ghost_traffic")
    share = ratio(pl.col("non_business_entries"), pl.col("entries"))
    advice = pl.format(
        "{} % of {} came while the shop was closed: check opening hours, exceptions, time zone and the device's clock",
        (share * 100).round(1),
        pl.col("trading_day").dt.to_string(),
    )
    ghosts = daily.filter(pl.col("day_end") <= as_of).join(keeping, on="store_id")
    return findings(
        ghosts.with_columns(
            pl.col("day_start").alias("hour_start"),
            share.alias("figure"),
            pl.col("no_ghost_traffic").alias("threshold"),
            advice.alias("advice"),
        ).filter(pl.col("figure") > pl.col("threshold")),
        "no_ghost_traffic",
        Severity.WARN,
    )


def enters_balance_exits(daily: pl.DataFrame, stores: Sequence[Store], as_of: dt.datetime) -> pl.DataFrame:
    """Findings: a day's entries and exits differ by more than 5 % (warn) or 15 % (error) of its entries.

    Days that have ended by `as_of` and miss nothing: with an hour missing, drift says nothing about the counter. Exits
    without a single entry count as 100 %. `hour_start` is the day's start.
    """
    share = pl.when(pl.col("entries") == 0, pl.col("exits") > 0).then(1.0).otherwise(pl.col("drift_share").abs())
    advice = pl.format(
        "{} ends with {} people more in than out: check the line's place and direction, and day_starts_at",
        pl.col("trading_day").dt.to_string(),
        "drift",
    )
    judged = daily.filter(pl.col("day_end") <= as_of, pl.col("completeness") >= 1).join(
        limits(stores, "enters_balance_exits_warn", "enters_balance_exits_error"), on="store_id"
    )
    return graded_findings(
        judged.with_columns(pl.col("day_start").alias("hour_start"), share.alias("figure"), advice.alias("advice")),
        "enters_balance_exits",
    )
