"""How an hour stands against what is normal for it. Whether a difference is worth a word is quality/unusual.py's."""

import polars as pl

from retail_pipeline.frames.ratios import ratio
from retail_pipeline.frames.usual import is_whole_hour, median_of_four, weeks_before, with_weeks_before

WEEKS = 4
FEWEST_WEEKS = 2


def with_index(figures: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`figures` and `index_vs_normal`: entries / their median in the same weekday and hour of the 4 weeks before.

    NULL in an hour that is not complete or not 60 minutes long, where fewer than two of the weeks are in `known`, and
    where nobody is normal.
    """
    weeks = weeks_before(WEEKS)
    normal = (
        with_weeks_before(figures.lazy().select("store_id", "local_date", "local_hour"), known, "entries", WEEKS)
        .select(
            median_of_four(weeks).alias("usual"),
            pl.sum_horizontal(pl.col(name).is_not_null() for name in weeks).alias("known_weeks"),
        )
        .collect(engine="in-memory")
    )
    is_comparable = pl.col("is_complete") & is_whole_hour() & (pl.col("known_weeks") >= FEWEST_WEEKS)
    index = pl.when(is_comparable).then(ratio(pl.col("entries"), pl.col("usual"))).alias("index_vs_normal")
    return figures.hstack(normal).with_columns(index).drop(normal.columns)
