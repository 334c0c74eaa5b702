"""Sums of shares that come out the same in every order."""

import math

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from retail_pipeline.frames.ratios import exact_sum

seconds = st.integers(1, 4 * 3600)
shares = st.builds(lambda part, whole: min(part, whole) / whole, st.integers(0, 4 * 3600), seconds)


@given(st.lists(shares | st.none(), max_size=25))
def test_shares_add_up_as_if_rounded_once(known: list[float | None]) -> None:
    frame = pl.DataFrame({"share": known}, schema={"share": pl.Float64()})
    assert frame.select(exact_sum(pl.col("share"))).item() == math.fsum(share for share in known if share is not None)
