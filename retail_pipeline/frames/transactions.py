"""Rows of a till's export judged: which can be believed, and what is wrong with the others. No file is read here."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple, cast

import polars as pl

from retail_pipeline.devices.clock import readings
from retail_pipeline.fleet.models import Store
from retail_pipeline.fleet.wall_clock import clock_hour
from retail_pipeline.frames.declared import organizations
from retail_pipeline.frames.local_time import store_hours
from retail_pipeline.frames.schemas import UTC_TIME

COLUMNS = ("store_id", "hour_start", "transactions", "sales", "units")
REQUIRED = ("store_id", "hour_start", "transactions")
_KEY = ("store_id", "hour_start")
_PAD = dt.timedelta(days=2)
_MOST = 2**31 - 1
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_HOW_HOURS_ARE_WRITTEN = (
    "hour_start is not the start of an hour of the store: write 2026-11-20T10:00+00:00, or 2026-11-20 10:00 in the"
    " store's own time, with its offset where the hour stands twice that day"
)


class Judged(NamedTuple):
    """`good`: `store_id`, `organization_id`, `hour_start` (UTC), `transactions`, `sales`, `units`, one row per hour.

    `rejected`: `row_number`, `reason`, and the declared `store_id` and `organization_id`, NULL where there is none.
    """

    good: pl.DataFrame
    rejected: pl.DataFrame


def judge_transactions(rows: pl.DataFrame, stores: Sequence[Store]) -> Judged:
    """Judge the text cells of a file: `row_number` and `COLUMNS`; an empty cell is NULL.

    `hour_start` is an instant with an offset, or without one the wall clock of the store. It has to begin a local clock
    hour. Sales and units may be left empty (not told), transactions may not: a row with 0 says that nothing was sold.
    """
    typed = _typed(rows, stores)
    reason = pl.coalesce(pl.when(wrong).then(pl.lit(sentence)) for sentence, wrong in _rules())
    judged = typed.with_columns(reason.alias("reason"))
    figures = (*_KEY, "organization_id", "transactions", "sales", "units")
    return Judged(
        good=judged.filter(pl.col("reason").is_null()).select(figures).sort(_KEY),
        rejected=judged.drop_nulls("reason").select("row_number", "reason", "store_id", "organization_id"),
    )


def with_silent_hours(good: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """`good` and, for each trading day that it touches, a row of zeros for every other open hour of the store.

    For exports that leave out hours without a sale; whoever loads one has to say so, since absence is not zero.
    """
    if good.is_empty():
        return good
    first, last = cast("dt.datetime", good["hour_start"].min()), cast("dt.datetime", good["hour_start"].max())
    hours = store_hours(stores, first - _PAD, last + _PAD)
    days = good.join(hours, on=_KEY).select("store_id", "organization_id", "trading_day").unique()
    silent = (
        hours.filter(pl.col("business_share") > 0)
        .join(days, on=["store_id", "trading_day"])
        .join(good, on=_KEY, how="anti")
        .select(*_KEY, "organization_id")
    )
    zeros = silent.with_columns(
        pl.lit(0, good["transactions"].dtype).alias("transactions"),
        pl.lit(0).cast(good["sales"].dtype).alias("sales"),
        pl.lit(0, good["units"].dtype).alias("units"),
    )
    return pl.concat([good, zeros.select(good.columns)]).sort(_KEY)


def _rules() -> list[tuple[str, pl.Expr]]:
    """What a row must not be; the first that holds is the reason."""
    stands_twice = pl.len().over(_KEY) > 1
    return [
        ("it names no store of the fleet file", pl.col("organization_id").is_null()),
        (_HOW_HOURS_ARE_WRITTEN, pl.col("hour_start").is_null()),
        ("the store and hour stand twice in the file", stands_twice),
        ("transactions is not a whole number", pl.col("transactions").is_null()),
        ("transactions is negative", pl.col("transactions") < 0),
        ("sales is not an amount, as 1234.50", pl.col("sales").is_null() & pl.col("sales_text").is_not_null()),
        ("units is not a whole number", pl.col("units").is_null() & pl.col("units_text").is_not_null()),
    ]


def _typed(rows: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Cells as figures, NULL where they are none; stores and hours as far as they are known."""
    known = {store.id: store for store in stores}
    starts = [_hour_start(known.get(store_id), text) for store_id, text in rows.select(_KEY).iter_rows()]
    return (
        rows.select(
            "row_number",
            "store_id",
            pl.Series("hour_start", starts, dtype=UTC_TIME),
            _whole(pl.col("transactions")).alias("transactions"),
            pl.col("sales").str.strip_chars().cast(pl.Decimal(14, 2), strict=False).alias("sales"),
            _whole(pl.col("units")).alias("units"),
            pl.col("sales").alias("sales_text"),
            pl.col("units").alias("units_text"),
        )
        .join(organizations(stores), on="store_id", how="left", maintain_order="left")
        .with_columns(pl.when(pl.col("organization_id").is_not_null()).then("store_id"))
    )


def _whole(text: pl.Expr) -> pl.Expr:
    number = text.str.strip_chars().cast(pl.Int64, strict=False)
    return pl.when(number.abs() <= _MOST).then(number)


def _hour_start(store: Store | None, text: str | None) -> dt.datetime | None:
    """The instant that `text` tells, if it begins an hour of the store and there is only one such instant."""
    try:
        told = dt.datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    if store is None or not _FIRST_YEAR <= told.year <= _LAST_YEAR:
        return None
    instants = (told.astimezone(dt.UTC),) if told.tzinfo else readings(told, store.zone_info)
    begins = [instant for instant in instants if clock_hour(store.zone_info, instant).start == instant]
    return begins[0] if len(begins) == 1 else None
