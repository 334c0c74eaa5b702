"""How an hour stands against what is normal for it. Whether a difference is worth a word is quality/unusual.py's."""

import polars as pl

from retail_pipeline.frames.ratios import ratio
from retail_pipeline.frames.usual import is_whole_hour, usual_hours

WEEKS = 4
FEWEST_WEEKS = 2
_HOUR = ("store_id", "local_date", "local_hour")


def with_index(figures: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`figures` and `index_vs_normal`: entries / their median in the same weekday and hour of the 4 weeks before.

    NULL in an hour that is not complete or not 60 minutes long, where fewer than two of the weeks are in `known`, and
    where nobody is normal.
    """
    normal = usual_hours(figures, known, "entries", WEEKS).filter(pl.col("usual_weeks") >= FEWEST_WEEKS)
    is_comparable = pl.col("is_complete") & is_whole_hour()
    return (
        figures.join(normal.select(*_HOUR, "usual"), on=_HOUR, how="left")
        .with_columns(pl.when(is_comparable).then(ratio(pl.col("entries"), pl.col("usual"))).alias("index_vs_normal"))
        .drop("usual")
    )
