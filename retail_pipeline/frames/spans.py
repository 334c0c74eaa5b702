"""Minutes of rows that lie inside spans (open hours, reported intervals); knows nothing of stores or zones.

The spans of one key must not overlap. The minutes before an instant are a running sum, so any number of spans and rows
costs two asof joins and no loop.
"""

import polars as pl

SPAN_START = "span_start"
SPAN_END = "span_end"


def minutes_within(rows: pl.DataFrame, spans: pl.DataFrame, by: str, start: str, end: str) -> pl.Series:
    """Minutes of `[start, end)` of each row that lie inside the spans of its `by`, in the order of `rows`.

    `spans` needs `by`, `span_start`, `span_end`. No span at all gives 0.
    """
    before = _with_minutes_before(spans, by)
    return _minutes_before(rows, before, by, end) - _minutes_before(rows, before, by, start)


def is_within(rows: pl.DataFrame, spans: pl.DataFrame, by: str, at: str) -> pl.Series:
    """Whether the instant `at` of each row lies inside a span of its `by`, in the order of `rows`."""
    inside = (pl.col(at) < pl.col(SPAN_END)).fill_null(value=False)
    return _latest_span(rows, spans, by, at).select(inside).to_series()


def _with_minutes_before(spans: pl.DataFrame, by: str) -> pl.DataFrame:
    length = (pl.col(SPAN_END) - pl.col(SPAN_START)).dt.total_seconds() / 60
    return spans.sort(by, SPAN_START).with_columns((length.cum_sum() - length).over(by).alias("minutes_before"))


def _minutes_before(rows: pl.DataFrame, spans: pl.DataFrame, by: str, at: str) -> pl.Series:
    inside = (pl.min_horizontal(at, SPAN_END) - pl.col(SPAN_START)).dt.total_seconds() / 60
    minutes = (pl.col("minutes_before") + inside).fill_null(0.0)
    return _latest_span(rows, spans, by, at).select(minutes).to_series()


def _latest_span(rows: pl.DataFrame, spans: pl.DataFrame, by: str, at: str) -> pl.DataFrame:
    points = rows.select(by, at).with_row_index("row").sort(at)
    spans = spans.sort(SPAN_START)
    joined = points.join_asof(spans, left_on=at, right_on=SPAN_START, by=by, check_sortedness=False, coalesce=False)
    return joined.sort("row")
