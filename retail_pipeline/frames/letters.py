"""The quality letter: one look at how far an hour, or a day, can be relied on.

A complete as measured, B complete but recovered late, C measured in part and imputed, D imputed, X unusable.
"""

import datetime as dt

import polars as pl

from retail_pipeline.frames.coverage import is_settled


def hour_letter(as_of: dt.datetime) -> pl.Expr:
    """`quality` of an hour, out of `is_complete`, `was_recovered`, `entries`, `entries_imputed` and `hour_end`.

    NULL while the hour may still become complete by the next poll.
    """
    whole = pl.when("was_recovered").then(pl.lit("B")).otherwise(pl.lit("A"))
    estimated = pl.when(pl.col("entries").is_null()).then(pl.lit("D")).otherwise(pl.lit("C"))
    return (
        pl.when("is_complete")
        .then(whole)
        .when(is_settled(as_of))
        .then(pl.when(pl.col("entries_imputed").is_not_null()).then(estimated).otherwise(pl.lit("X")))
        .alias("quality")
    )


def day_letter(as_of: dt.datetime) -> pl.Expr:
    """`quality` of a group that holds the expected hours of a trading day; an hour without a letter is an X.

    Needs `quality`, `entries`, `hour_end` and `business_share`. Hours that the store was closed for need no estimate:
    missing, they leave the day at C. NULL while an hour may still become complete; whether the day is over is not asked
    here.
    """
    letter = pl.when(is_settled(as_of)).then(pl.col("quality").fill_null("X")).otherwise("quality")
    is_usable = (letter != "X") | (pl.col("business_share") == 0)
    partly = pl.when(pl.col("entries").is_not_null().any()).then(pl.lit("C")).otherwise(pl.lit("D"))
    return (
        pl.when(letter.is_null().any())
        .then(None)
        .when((letter == "A").all())
        .then(pl.lit("A"))
        .when(letter.is_in(["A", "B"]).all())
        .then(pl.lit("B"))
        .when(is_usable.all())
        .then(partly)
        .otherwise(pl.lit("X"))
        .alias("quality")
    )
