"""Replies in, rows out: every reply of one report, read in bulk, judged, and put on the UTC axis.

Not here: storing, and what a line means. Figures leave as the device reported them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import polars as pl

from retail_pipeline.devices.bulk import Sheet, read_sheets, sheet_of
from retail_pipeline.devices.clock import clock_skew
from retail_pipeline.devices.errors import DeviceError, Malformed, NotAReport
from retail_pipeline.devices.headers import OPTIONAL, HeaderError, Layout
from retail_pipeline.devices.models import Reply
from retail_pipeline.devices.rows import figures_of, is_complete, judge_rows
from retail_pipeline.devices.stamps import clock_gaps, heads_of, place_rows, with_heads
from retail_pipeline.devices.undeclared import undeclared_people
from retail_pipeline.fleet.models import Report

HIGHEST_FIGURE = 10_000
"""People per line or region and interval; more is a broken counter. A busy station gate passes 6,000 an hour."""

_WHO = ("sensor_id", "store_id", "organization_id")
_NO_SKEW: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Parsed:
    """What a batch of replies said.

    Attributes:
        rows: one per device and interval, as reported: `reply_index`, `sensor_id`, `store_id`, `organization_id`,
            `interval_start`, `interval_end` (UTC, half-open), the figures, `is_complete`. No row means not reported.
        rejected: quarantined rows: `reply_index`, `sensor_id`, `report`, `row_number` (from 1; 0 is a header of which
            columns are missing), `row`, `reason`. Rows with people on undeclared lines are here and in `rows`.
        clock_gaps: `sensor_id`, `store_id`, `interval_start` (UTC) of a repeated hour that the device merged into the
            one before it.
        failures: replies that are no report, by their index.
        padding: rows of zeros dropped, per reply, because their hour has not come.
        skew: seconds by which each device's clock is ahead of UTC; None where it sent no `Date`.
        notes: oddities that cost no data, per reply.
    """

    rows: pl.DataFrame
    rejected: pl.DataFrame
    clock_gaps: pl.DataFrame
    failures: dict[int, DeviceError] = field(default_factory=dict)
    padding: dict[int, int] = field(default_factory=dict)
    skew: dict[int, float | None] = field(default_factory=dict)
    notes: dict[int, tuple[str, ...]] = field(default_factory=dict)


def parse_replies(
    replies: Sequence[Reply], last_skew: Mapping[str, float] = _NO_SKEW, cap: int = HIGHEST_FIGURE
) -> Parsed:
    """Reads the replies of one report.

    Args:
        replies: all of the same report.
        last_skew: seconds by which a device's clock was ahead when last seen, by sensor; used where a reply has no
            `Date`, else our own clock is.
        cap: the highest figure of a line or region that is believed.

    Raises:
        ValueError: the replies are of two reports.
    """
    reports = {reply.ask.report for reply in replies}
    if len(reports) > 1:
        raise ValueError("replies of two reports are parsed one report at a time")
    report = Report(reports.pop()) if reports else Report.LINES
    sheets, failures, headers = _sheets(replies, report)
    heads = heads_of(replies, last_skew)
    judged = judge_rows(place_rows(read_sheets(list(sheets.values()), report), heads), report, cap)
    refused = pl.concat([judged.refused, undeclared_people(judged.good, replies, report)])
    return Parsed(
        rows=_rows(judged.good, heads, report),
        rejected=_rejected(refused, sheets, headers, heads, report),
        clock_gaps=with_heads(clock_gaps(judged.good, replies), heads, "sensor_id", "store_id")
        .select("sensor_id", "store_id", "interval_start")
        .unique(maintain_order=True),
        failures=failures,
        padding=judged.padding,
        skew={index: clock_skew(reply) for index, reply in enumerate(replies)},
        notes={index: notes for index, sheet in sheets.items() if (notes := _notes(sheet.layout, report))},
    )


def _sheets(
    replies: Sequence[Reply], report: Report
) -> tuple[dict[int, Sheet], dict[int, DeviceError], dict[int, HeaderError]]:
    """What can be read, what cannot, and reports of whose header columns are missing or stand twice."""
    sheets: dict[int, Sheet] = {}
    failures: dict[int, DeviceError] = {}
    headers: dict[int, HeaderError] = {}
    for index, reply in enumerate(replies):
        try:
            sheets[index] = sheet_of(index, reply.body, report)
        except HeaderError as error:
            kind = Malformed if error.is_report else NotAReport
            failures[index] = kind(reply.ask.device.id, str(error), reply.status)
            if error.is_report:
                headers[index] = error
    return sheets, failures, headers


def _rows(good: pl.DataFrame, heads: pl.DataFrame, report: Report) -> pl.DataFrame:
    figures = pl.col(figures_of(report)).cast(pl.Int32)
    kept = good.select("reply_index", "interval_start", "interval_end", figures, is_complete=is_complete())
    return with_heads(kept, heads, *_WHO).select("reply_index", *_WHO, pl.exclude("reply_index", *_WHO))


def _rejected(
    refused: pl.DataFrame,
    sheets: Mapping[int, Sheet],
    headers: Mapping[int, HeaderError],
    heads: pl.DataFrame,
    report: Report,
) -> pl.DataFrame:
    refused = refused.sort("reply_index", "row_number", "reason")
    lines = {index: sheets[index].lines for index in refused["reply_index"].unique()}
    rows = [(index, number, lines[index][number - 1], reason) for index, number, reason in refused.rows()]
    rows += [(index, 0, error.header, str(error)) for index, error in headers.items()]
    schema = {"reply_index": pl.Int64(), "row_number": pl.Int32(), "row": pl.String(), "reason": pl.String()}
    return with_heads(pl.DataFrame(rows, schema=schema, orient="row"), heads, "sensor_id").select(
        "reply_index", "sensor_id", pl.lit(report.value).alias("report"), "row_number", "row", "reason"
    )


@lru_cache(maxsize=1024)
def _notes(layout: Layout, report: Report) -> tuple[str, ...]:
    missing = [name for name in OPTIONAL[report] if name.startswith("total") and name not in layout.figures]
    return (f"{', '.join(missing)} not in the report: computed from its parts",) if missing else ()
