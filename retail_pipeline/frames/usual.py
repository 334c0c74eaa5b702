"""What is usual: figures of the same local weekday and hour, weeks before. What follows from them is not said here."""

from collections.abc import Sequence

import polars as pl

_HOUR = ("local_date", "local_hour")
_HOURS_A_WEEK = 7 * 24
_AXIS = 1 << 32


def is_whole_hour() -> pl.Expr:
    """Whether a local hour lasts 60 minutes; one that a clock change cuts short is no measure of a whole one."""
    return pl.col("hour_end") - pl.col("hour_start") == pl.duration(hours=1)


def usual_hours(
    targets: pl.DataFrame, past: pl.DataFrame, figure: str, weeks: int, *, by: str = "store_id"
) -> pl.DataFrame:
    """One row per target hour that any of the `weeks` weeks before it tells: how `figure` usually stands there.

    `targets` needs `by`, `local_date`, `local_hour`; `past` also `figure`, and holds only hours that may be compared
    with (complete ones). An hour that clocks repeat counts once, by its first row.

    Adds `usual_weeks` (how many of the weeks are known), `usual` (median), `usual_p25`, `usual_p75` (linear between
    neighbours) and `usual_deviation` (the median of absolute deviations from the median).
    """
    key = [by, *_HOUR]
    names = weeks_before(weeks)
    figures, one = pl.col("figures").list, pl.element()
    return (
        with_weeks_before(targets.select(key).unique().lazy(), past, figure, weeks, by=by)
        .with_columns(pl.concat_list(names).list.drop_nulls().alias("figures"))
        .select(
            *key,
            figures.len().alias("usual_weeks"),
            figures.median().alias("usual"),
            figures.agg(one.quantile(0.25, "linear")).alias("usual_p25"),
            figures.agg(one.quantile(0.75, "linear")).alias("usual_p75"),
            figures.agg((one - one.median()).abs().median()).alias("usual_deviation"),
        )
        .filter(pl.col("usual_weeks") > 0)
        .sort(key)
        .collect()
    )


def with_weeks_before(
    targets: pl.LazyFrame, past: pl.DataFrame, figure: str, weeks: int, *, by: str = "store_id"
) -> pl.LazyFrame:
    """Each of `targets` with the `figure` of the weeks before, in columns that `weeks_before` names; see `usual_hours`.

    NULL where a week is not known. `targets` are read twice, and have to come in the same order both times.
    """
    place = _place(by, past[by].unique().sort())
    known = past.lazy().drop_nulls(figure).select(place, figure)
    is_first = pl.col("place").ne_missing(pl.col("place").shift())
    known = known.sort("place", maintain_order=True).filter(is_first)
    told = targets.with_row_index("row").select("row", place).sort("place")
    for week, name in enumerate(weeks_before(weeks), 1):
        then = known.select(pl.col("place") + week * _HOURS_A_WEEK, pl.col(figure).alias(name))
        # Along sorted columns, and with no tolerance, this is the quickest of joins.
        told = told.join_asof(then, on="place", tolerance=0, check_sortedness=False)
    return pl.concat([targets, told.sort("row").drop("row", "place")], how="horizontal")


def weeks_before(weeks: int) -> list[str]:
    """The columns of `with_weeks_before`, the latest week first."""
    return [f"{week}_weeks_before" for week in range(1, weeks + 1)]


def median_of_four(names: Sequence[str]) -> pl.Expr:
    """The median of up to four columns of whole numbers, row by row: their mean without the least and the greatest.

    NULL where none is known. Several times as fast as the median of a list.
    """
    known = pl.sum_horizontal(pl.col(name).is_not_null() for name in names).cast(pl.Int64)
    total, extremes = pl.sum_horizontal(names), pl.min_horizontal(names) + pl.max_horizontal(names)
    return pl.when(known > 2).then((total - extremes) / (known - 2)).when(known > 0).then(total / known)


def _place(by: str, names: pl.Series) -> pl.Expr:
    """Hours of the wall clock on one axis, on which each of `names` stands far from every other; -1: it is none."""
    days = pl.col("local_date").to_physical().cast(pl.Int64)
    who = pl.col(by).cast(pl.Enum(names), strict=False).to_physical().cast(pl.Int64).fill_null(-1)
    return (who * _AXIS + days * 24 + pl.col("local_hour").cast(pl.Int64)).alias("place")
