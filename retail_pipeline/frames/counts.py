"""Crossings per counting line, out of device rows as reported; who owns a line is the fleet file's word."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Report, Role, Store
from retail_pipeline.frames.schemas import LINE_NUMBERS

_LINES = {
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "sensor_id": pl.String(),
    "line": pl.Int8(),
    "role": pl.String(),
    "from_area": pl.String(),
    "to_area": pl.String(),
    "inverted": pl.Boolean(),
}
_ROW = ("store_id", "sensor_id", "interval_start", "interval_end", "is_complete", "collected_at")
_CROSSINGS = (
    "store_id",
    "sensor_id",
    "line",
    "role",
    "from_area",
    "to_area",
    "interval_start",
    "interval_end",
    "in_count",
    "out_count",
    "is_complete",
    "collected_at",
)


def lines_frame(stores: Sequence[Store]) -> pl.DataFrame:
    """One row per declared line of every active device that is asked for its line report, `ignored` lines included."""
    rows = [
        (store.id, store.organization, device.id, number, str(line.role), line.from_area, line.to_area, line.inverted)
        for store in stores
        for device in store.devices_for(Report.LINES)
        for number, line in sorted(device.lines.items())
    ]
    return pl.DataFrame(rows, schema=_LINES, orient="row")


def crossings(raw: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """One row per store, device, declared line and interval: `in_count` and `out_count` in people, after `inverted`.

    `raw` are rows of `raw_sensor_counts`, `lines` comes from `lines_frame`. Lines that nobody declared are left out, as
    are devices that are no longer active. Columns as in `raw`, further `line`, `role`, `from_area`, `to_area`.
    """
    inverted = pl.col("inverted")
    return (
        pl.concat([_counts_of_line(raw.lazy(), line) for line in LINE_NUMBERS])
        .join(lines.lazy().drop("organization_id"), on=["store_id", "sensor_id", "line"])
        .with_columns(
            pl.when(inverted).then("reported_out").otherwise("reported_in").cast(pl.Int64).alias("in_count"),
            pl.when(inverted).then("reported_in").otherwise("reported_out").cast(pl.Int64).alias("out_count"),
        )
        .select(_CROSSINGS)
        .collect(engine="streaming")
    )


def asked_devices(stores: Sequence[Store]) -> frozenset[str]:
    """The devices that are asked for their line report; others count nothing."""
    return frozenset(device.id for store in stores for device in store.devices_for(Report.LINES))


def doors_of_role(stores: Sequence[Store], role: Role) -> pl.DataFrame:
    """The lines of a role as doors of their store, which is one `area`: the columns that `through_doors` needs."""
    return (
        lines_frame(stores)
        .filter(pl.col("role") == str(role))
        .select(
            (pl.col("store_id").rank("dense") - 1).cast(pl.UInt32).alias("area"),
            *("store_id", "sensor_id", "line"),
            (~pl.col("inverted")).alias("in_enters"),
            pl.lit(value=True).alias("is_asked"),
        )
    )


def through_doors(rows: pl.LazyFrame, doors: pl.DataFrame) -> pl.LazyFrame:
    """Each of `rows` once for every area that its device counts `doors` of, with the area's `entries` and `exits`.

    In the order of `rows`. `doors` needs `area`, `store_id`, `sensor_id`, `line`, `is_asked` (whether the device is
    asked for its lines; others do not count) and `in_enters`: whether IN, as reported, enters the area.
    """
    asked = doors.filter("is_asked")
    lines = {way: sorted(asked.filter(pl.col("in_enters") == (way == 1))["line"].unique()) for way in (1, -1)}
    ways = [(line, way) for way in lines for line in lines[way]]
    enters = pl.when("in_enters").then(1).otherwise(-1).cast(pl.Int8)
    way_of = {line: enters.filter(pl.col("line") == line).sum() for line in LINE_NUMBERS}
    counted = asked.group_by("area", "store_id", "sensor_id").agg(
        pl.len().alias("doors"), *((way_of[line] == way).cast(pl.Int32).alias(f"way{way}_{line}") for line, way in ways)
    )
    return rows.join(counted.lazy(), on=["store_id", "sensor_id"], maintain_order="left").with_columns(
        _through(ways, "in", "out").alias("entries"), _through(ways, "out", "in").alias("exits")
    )


def _through(ways: Sequence[tuple[int, int]], there: str, back: str) -> pl.Expr:
    # Whole numbers times 0 or 1 take a fourth of the time of conditions; what a device may count fits in 32 bits.
    people = (pl.col(f"way{way}_{line}") * pl.col(f"line{line}_{there if way == 1 else back}") for line, way in ways)
    return pl.sum_horizontal(pl.lit(0, pl.Int32), *people).cast(pl.Int64)


def entrance_crossings(crossed: pl.DataFrame) -> pl.DataFrame:
    """The crossings of a store's boundary; IN is an entry, OUT an exit."""
    return crossed.filter(pl.col("role") == str(Role.ENTRANCE))


def _counts_of_line(raw: pl.LazyFrame, line: int) -> pl.LazyFrame:
    return raw.select(
        *_ROW,
        pl.lit(line, pl.Int8).alias("line"),
        pl.col(f"line{line}_in").alias("reported_in"),
        pl.col(f"line{line}_out").alias("reported_out"),
    )
