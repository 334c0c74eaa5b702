"""The pipeline from a device's reply to a day's figures, without a network and a database between its steps."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import polars as pl

from retail_pipeline.devices.models import Ask, Reply
from retail_pipeline.devices.parse import Parsed, parse_replies
from retail_pipeline.devices.requests import report_url
from retail_pipeline.fleet.calendar import device_windows
from retail_pipeline.fleet.models import Report, Store
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.local_time import store_hours
from retail_pipeline.frames.schemas import RAW_SENSOR_COUNTS, conform
from retail_pipeline.steps.asking import rolling_window
from retail_pipeline_tests.time.wall_device import WallDevice

ALLOWED = ("its hour came twice", "it lies outside")
"""Why a row of a good device may be refused: a window that begins between two passes can't tell them apart."""


@dataclass(frozen=True)
class Worked:
    """What came of some polls."""

    parsed: Parsed
    raw: pl.DataFrame
    hourly: pl.DataFrame
    daily: pl.DataFrame

    @property
    def entries(self) -> dict[dt.datetime, int]:
        """By the start of the hour."""
        return dict(self.hourly.select("hour_start", "entries").rows())

    @property
    def swallowed(self) -> set[dt.datetime]:
        """Starts of the hours that a clock change took."""
        return set(self.parsed.clock_gaps["interval_start"])


def polled(store: Store, device: WallDevice, now: dt.datetime, *, sends_date: bool = True) -> Reply:
    """What the device answers to the poll of an instant."""
    return answered(store, device, rolling_window(store, store.sensors[0], now), now, sends_date=sends_date)


def collected_again(store: Store, device: WallDevice, start: dt.datetime, end: dt.datetime) -> list[Reply]:
    """Its answers to a backfill of `[start, end)`, asked for three hours later."""
    now = end + dt.timedelta(hours=3)
    windows = device_windows(store.device_zone(store.sensors[0]), start, end)
    return [answered(store, device, window, now) for window in windows]


def answered(
    store: Store,
    device: WallDevice,
    window: tuple[dt.datetime, dt.datetime],
    now: dt.datetime,
    *,
    sends_date: bool = True,
) -> Reply:
    """The reply to one ask, whose stamps are read as a device reads them."""
    ask = Ask(store, store.sensors[0], Report.LINES, *window)
    asked = dict(parse_qsl(urlsplit(report_url(ask)).query))["time_start"]
    body = device.report(dt.datetime.strptime(asked, "%Y-%m-%d-%H:%M:%S"), now)  # noqa: DTZ007 - it has no zone
    return Reply(ask, "http://sensor.example", 200, body, now, 5.0, device.clock(now) if sends_date else None)


def work_through(store: Store, replies: Sequence[Reply], as_of: dt.datetime) -> Worked:
    """Parse in the order of the replies, keep the newest of each row, derive hours and days."""
    parsed = parse_replies(replies)
    received = pl.DataFrame({"collected_at": [reply.received_at for reply in replies]}).with_row_index("reply_index")
    rows = (
        parsed.rows.join(received.with_columns(pl.col("reply_index").cast(pl.Int64)), on="reply_index")
        .with_columns(pl.col("reply_index").alias("reply_id"))
        .sort("collected_at", "reply_index")
        .unique(["sensor_id", "interval_start"], keep="last")
        .sort("interval_start")
    )
    raw = conform(rows, RAW_SENSOR_COUNTS)
    begin = min(reply.ask.start for reply in replies) - dt.timedelta(days=3)
    hours = store_hours([store], begin, as_of + dt.timedelta(days=2))
    lost = parsed.clock_gaps.select("store_id", pl.col("interval_start").alias("hour_start")).unique()
    hourly = hourly_analytics(raw, [store], hours, as_of)
    return Worked(parsed, raw, hourly, daily_summaries(hourly, [store], hours, as_of, lost))


def refused(worked: Worked) -> list[str]:
    """Reasons of rows in quarantine that no good device should have."""
    return [reason for reason in worked.parsed.rejected["reason"] if not reason.startswith(ALLOWED)]
