"""Probing: every device is asked once per report, and what it says is held against the fleet file. Writes nothing."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from pydantic import BaseModel, ConfigDict

from retail_pipeline.devices.client import Answer
from retail_pipeline.devices.errors import CredentialsRefused, DeviceError
from retail_pipeline.devices.models import Ask, Reply
from retail_pipeline.devices.parse import Parsed, parse_replies
from retail_pipeline.fleet.models import Device, Fleet, Report, Store
from retail_pipeline.frames import probed
from retail_pipeline.frames.schemas import REGION_NUMBERS, UTC_TIME
from retail_pipeline.steps.asking import rolling_window

Fetch = Callable[[Sequence[Ask]], list[Answer]]
DAY = dt.timedelta(hours=24)
_STAMP = "%Y/%m/%d %H:%M:%S"
REPEATS = "it repeats its credential in what it answers, for everybody on the way to read: give it one of its own"
_FUTURE = "it holds people of the future"


class LineSeen(BaseModel):
    """A line over the last 24 hours; `role` None: not declared."""

    model_config = ConfigDict(frozen=True)
    line: int
    role: str | None
    in_count: int
    out_count: int


class RegionSeen(BaseModel):
    """A region over the last 24 hours; `zone` None: not declared."""

    model_config = ConfigDict(frozen=True)
    region: int
    zone: str | None
    stays: int


class DeviceSeen(BaseModel):
    """One device as it answered now.

    `credentials` is accepted, refused, none (it asks for none) or unknown (nothing answered). `failures` say, per
    report, why none came. `clock_skew_seconds` None: it sends no clock. `remembers` None: it was not told.
    """

    model_config = ConfigDict(frozen=True)
    store_id: str
    sensor_id: str
    is_reachable: bool
    credentials: str
    failures: dict[str, str]
    clock_skew_seconds: float | None
    timezone: str
    rows: dict[str, int]
    rejected_rows: int
    remembers: bool | None
    retention_days: int
    lines: list[LineSeen]
    regions: list[RegionSeen]
    advice: list[str]

    @property
    def delivers(self) -> bool:
        """Whether every report that it is asked for came."""
        return not self.failures


@dataclass(frozen=True)
class _Asked:
    """The answers of one device: the last 24 hours per report, hours to come, and the oldest day it should remember."""

    store: Store
    device: Device
    recent: dict[Report, Answer]
    to_come: Answer
    oldest: Answer


def probe(fleet: Fleet, fetch: Fetch, now: dt.datetime) -> list[DeviceSeen]:
    """Ask every active device, in the order of the fleet file: one request per report, and two more.

    One for hours to come, which hold people where its clock is ahead, and one for its oldest day.
    """
    pairs = [(store, device) for store in fleet.stores for device in store.active_devices]
    answers = iter(fetch([ask for store, device in pairs for ask in _asks(store, device, now)]))
    asked = [
        _Asked(store, device, {report: next(answers) for report in device.reports}, next(answers), next(answers))
        for store, device in pairs
    ]
    inverted = {
        sensor_id: sentence
        for store in fleet.stores
        for sensor_id, sentence in _inverted(store, [one for one in asked if one.store.id == store.id]).items()
    }
    return [_seen(one, inverted.get(one.device.id), now) for one in asked]


def _inverted(store: Store, asked: Sequence[_Asked]) -> dict[str, str]:
    replies = [one.recent.get(Report.LINES) for one in asked]
    rows = parse_replies([reply for reply in replies if isinstance(reply, Reply)]).rows
    return probed.inverted_advice(rows.with_columns(pl.lit(None, UTC_TIME).alias("collected_at")), store)


def _asks(store: Store, device: Device, now: dt.datetime) -> Iterator[Ask]:
    start, end = rolling_window(store, device, now)
    for report in device.reports:
        yield Ask(store, device, report, start, end)
    yield Ask(store, device, device.main_report, end, end + DAY)
    # The oldest whole day within retention: one hour further back would be forgotten by rights.
    oldest = end - dt.timedelta(days=device.retention_days)
    yield Ask(store, device, device.main_report, oldest, oldest + DAY)


def _seen(asked: _Asked, inverted: str | None, now: dt.datetime) -> DeviceSeen:
    store, device = asked.store, asked.device
    read = {report: parse_replies([answer]) for report, answer in asked.recent.items() if isinstance(answer, Reply)}
    told = {report: _failure(answer, read.get(report)) for report, answer in asked.recent.items()}
    failures = {report: error for report, error in told.items() if error}
    good = {report: parsed for report, parsed in read.items() if report not in failures}
    skews = [parsed.skew[0] for parsed in good.values()]
    days = probed.line_days(good[Report.LINES].rows, device) if Report.LINES in good else []
    stays = _stays(good[Report.REGIONS].rows) if Report.REGIONS in good else {}
    oldest = _oldest(asked.oldest)
    return DeviceSeen(
        store_id=store.id,
        sensor_id=device.id,
        is_reachable=any(_answered(answer) for answer in asked.recent.values()),
        credentials=_credentials(device, asked.recent.values()),
        failures={str(report): f"{error.cause}: {error.detail}" for report, error in failures.items()},
        clock_skew_seconds=next((skew for skew in skews if skew is not None), None),
        timezone=store.device_zone(device).key,
        rows={str(report): parsed.rows.height for report, parsed in good.items()},
        rejected_rows=sum(parsed.rejected.height for parsed in good.values()),
        remembers=None if oldest is None else oldest[1] > 0,
        retention_days=device.retention_days,
        lines=[LineSeen(line=d.line, role=d.role, in_count=d.in_count, out_count=d.out_count) for d in days],
        regions=[RegionSeen(region=n, zone=device.regions.get(n), stays=people) for n, people in stays.items()],
        advice=[
            *_advice(asked, good, days, stays, oldest, now),
            *([inverted] if inverted else []),
            *([REPEATS] if any(answer.blots for answer in asked.recent.values()) else []),
        ],
    )


def _advice(
    asked: _Asked,
    good: dict[Report, Parsed],
    days: Sequence[probed.LineDay],
    stays: dict[int, int],
    oldest: tuple[int, int] | None,
    now: dt.datetime,
) -> Iterator[str]:
    if not good:
        return
    store, device = asked.store, asked.device
    parsed = next(iter(good.values()))
    yield from probed.clock_advice(parsed.skew[0])
    yield from probed.zone_advice(_newest(asked, good), now, store, device)
    yield from probed.interval_advice(parsed.rows, device.interval_minutes)
    if Report.LINES in good:
        yield from probed.line_advice(days)
    if Report.REGIONS in good:
        yield from probed.region_advice(stays, device.regions)
    for one in good.values():
        for reason, rows in one.rejected.group_by("reason", maintain_order=True).len().iter_rows():
            if not reason.startswith(_FUTURE):
                yield f"{rows} rows can't be true: {reason}"
    yield from probed.retention_advice(oldest, device.retention_days)


def _failure(answer: Answer, parsed: Parsed | None) -> DeviceError | None:
    if isinstance(answer, Reply):
        return parsed.failures.get(0) if parsed else None
    return answer.error


def _answered(answer: Answer) -> bool:
    return isinstance(answer, Reply) or answer.status is not None


def _credentials(device: Device, answers: Collection[Answer]) -> str:
    if any(not isinstance(answer, Reply) and isinstance(answer.error, CredentialsRefused) for answer in answers):
        return "refused"
    if not any(isinstance(answer, Reply) for answer in answers):
        return "unknown"
    return "accepted" if device.credential else "none"


def _stays(rows: pl.DataFrame) -> dict[int, int]:
    totals = {number: int(rows[f"region{number}"].sum()) for number in REGION_NUMBERS}
    return {number: stays for number, stays in totals.items() if stays}


def _oldest(answer: Answer) -> tuple[int, int] | None:
    """Rows of the oldest day and the people in them; None where it was not told."""
    if not isinstance(answer, Reply):
        return None
    parsed = parse_replies([answer])
    return None if parsed.failures else (parsed.rows.height, int(parsed.rows.select(_people(parsed.rows)).sum().item()))


def _people(rows: pl.DataFrame) -> pl.Expr:
    return pl.col("total") if "total" in rows.columns else pl.col("total_in") + pl.col("total_out")


def _newest(asked: _Asked, good: Mapping[Report, Parsed]) -> probed.NewestHour | None:
    """Of rows that were kept and of those that lie in the future, on the device's own clock."""
    found = []
    zone = asked.store.device_zone(asked.device)
    for parsed in good.values():
        kept = parsed.rows.with_columns(_people(parsed.rows).alias("people")).filter(pl.col("people") > 0)
        for start, people in kept.sort("interval_start").select("interval_start", "people").tail(1).iter_rows():
            found.append(probed.NewestHour(start.astimezone(zone).replace(tzinfo=None), people))
    to_come = [parse_replies([asked.to_come])] if isinstance(asked.to_come, Reply) else []
    for parsed in (*good.values(), *to_come):
        ahead = parsed.rejected.filter(pl.col("reason").str.starts_with(_FUTURE))["row"]
        found += [probed.NewestHour(stamp, 1) for row in ahead if (stamp := _stamp_of(row))]
    return max(found, default=None)


def _stamp_of(row: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(row.partition(",")[0].strip().replace("-", "/"), _STAMP)  # noqa: DTZ007 - naive it is
    except ValueError:
        return None
