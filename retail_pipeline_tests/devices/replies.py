"""Replies for tests: a reading of a device in one line."""

import datetime as dt
from pathlib import Path
from typing import Any

from retail_pipeline.devices.models import Ask, Reply
from retail_pipeline.fleet.models import Report
from retail_pipeline_tests.shops import door, fleet_of, shop

RECORDINGS = Path(__file__).parent / "recordings"
HEADER = "StartTime, EndTime, " + ", ".join(
    f"{subject} - {way}" for subject in ("Tolal", "Line1", "Line2", "Line3", "Line4") for way in ("In", "Out", "Sum")
)
REGION_HEADER = "StartTime,EndTime,region1,region2,region3,region4,Sum"
DAY = dt.datetime(2025, 7, 22, tzinfo=dt.UTC)
Pair = tuple[int, int]


def ask_of(start: dt.datetime = DAY, hours: float = 24, **declared: Any) -> Ask:
    """An ask to one device of a store in UTC; `zone`, `report`, `is_probe` and fields of the device may be given."""
    zone, is_probe = declared.pop("zone", "UTC"), declared.pop("is_probe", False)
    report = declared.pop("report", Report.LINES)
    store = fleet_of(shop("shop-1", door(**{"name": "door-1", **declared}), timezone=zone)).stores[0]
    return Ask(store, store.sensors[0], report, start, start + dt.timedelta(hours=hours), is_probe)


def reply_of(body: str | bytes, now: dt.datetime | None = None, **asked: Any) -> Reply:
    """A reply received two days after the window began, or at `now`, by a device that sends its clock (`clock`)."""
    clock = asked.pop("clock", None)
    ask = ask_of(**asked)
    body = body.encode() if isinstance(body, str) else body
    received_at = now or ask.start + dt.timedelta(days=2)
    return Reply(ask, "http://sensor.example/dataloader.cgi", 200, body, received_at, 2000.0, clock)


def line_row(start: str, line1: Pair = (0, 0), line4: Pair = (0, 0), minutes: int = 60) -> str:
    """A row of the line report from `2025/07/22 10:00`, whose sums add up."""
    begin = dt.datetime.strptime(start, "%Y/%m/%d %H:%M").replace(tzinfo=dt.UTC)
    end = begin + dt.timedelta(minutes=minutes, seconds=-1)
    total = (line1[0] + line4[0], line1[1] + line4[1])
    figures = [figure for pair in (total, line1, (0, 0), (0, 0), line4) for figure in (*pair, sum(pair))]
    return ",".join([f"{begin:%Y/%m/%d %H:%M:%S}", f"{end:%Y/%m/%d %H:%M:%S}", *map(str, figures)])


def lines_csv(*rows: str) -> str:
    """A line report of those rows."""
    return "\n".join([HEADER, *rows]) + "\n"
