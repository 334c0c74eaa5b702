"""What is usual: figures of the same local weekday and hour, weeks before. What follows from them is not said here."""

from collections.abc import Sequence

import polars as pl

_HOUR = ("local_date", "local_hour")


def is_whole_hour() -> pl.Expr:
    """Whether a local hour lasts 60 minutes; one that a clock change cuts short is no measure of a whole one."""
    return pl.col("hour_end") - pl.col("hour_start") == pl.duration(hours=1)


def usual_hours(
    targets: pl.DataFrame, past: pl.DataFrame, figure: str, weeks: int, *, by: Sequence[str] = ("store_id",)
) -> pl.DataFrame:
    """One row per target hour that any of the `weeks` weeks before it tells: how `figure` usually stands there.

    `targets` needs `by`, `local_date`, `local_hour`; `past` also `figure`, and holds only hours that may be compared
    with (complete ones). An hour that clocks repeat counts once, by its first row.

    Adds `usual_weeks` (how many of the weeks are known), `usual` (median), `usual_p25`, `usual_p75` (linear between
    neighbours) and `usual_deviation` (the median of absolute deviations from the median).
    """
    key = [*by, *_HOUR]
    known = past.drop_nulls(figure).select(*key, pl.col(figure).alias("figure")).unique(key, keep="first")
    back = pl.DataFrame({"weeks": range(1, weeks + 1)}, schema={"weeks": pl.Int64()})
    figures = pl.col("figure")
    return (
        targets.select(key)
        .unique()
        .join(back, how="cross")
        .with_columns((pl.col("local_date") - pl.duration(days=pl.col("weeks") * 7)).cast(pl.Date).alias("past_date"))
        .join(known, left_on=[*by, "past_date", "local_hour"], right_on=key)
        .group_by(key)
        .agg(
            pl.len().alias("usual_weeks"),
            figures.median().alias("usual"),
            figures.quantile(0.25, "linear").alias("usual_p25"),
            figures.quantile(0.75, "linear").alias("usual_p75"),
            (figures - figures.median()).abs().median().alias("usual_deviation"),
        )
        .sort(key)
    )
