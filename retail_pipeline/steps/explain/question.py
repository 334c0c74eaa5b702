"""What is asked: a store's hour, day or interval, perhaps a zone, way or device, perhaps one metric; or near names."""

import datetime as dt
from dataclasses import dataclass, replace
from difflib import get_close_matches

from retail_pipeline.devices.clock import readings
from retail_pipeline.fleet.calendar import LocalHour, day_bounds, local_hours, trading_day_of
from retail_pipeline.fleet.models import Fleet, Store
from retail_pipeline.fleet.wall_clock import clock_hour
from retail_pipeline.frames.metrics import metrics_of

HOURS, DAYS, ZONES = "hourly_analytics", "daily_summaries", "zone_hours"
FLOWS, ALERTS = "zone_flows", "queue_alerts"
STAFF, HEAT = "staffing_hours", "heat_maps"
ZONE_DAYS = "zone_days"
INTERVALS, DEVICE_HEAT = "virtual_region_occupancy", "device_heat"
SALES = {HOURS: "conversion_hours", DAYS: "conversion_days"}
_FIRST_YEAR, _LAST_YEAR = 1971, 2200


class NotExplainableError(Exception):
    """There is no such figure; the message names what was asked, and what there is."""


@dataclass(frozen=True)
class Question:
    """A period of a store, whose figures stand in `table`; `metrics` are those that are asked for.

    `hour` is None where a whole trading day is asked for; of a cell of `heat_maps` it is an hour that lies in it, of an
    interval the one that it begins in. `way` leads from one area to another. `[start, end)` is UTC; of an interval it
    begins at the moment that was named until `placed_in_interval` says which one holds it.
    """

    store: Store
    table: str
    zone: str | None
    hour: LocalHour | None
    trading_day: dt.date
    start: dt.datetime
    end: dt.datetime
    metrics: tuple[tuple[str, str], ...]
    way: tuple[str, str] | None = None
    device: str | None = None

    @property
    def period(self) -> str:
        """What is explained: an interval, an hour or a day."""
        if self.hour is None:
            return "day"
        return "interval" if self.table in (INTERVALS, DEVICE_HEAT) else "hour"

    @property
    def whole_hours(self) -> tuple[dt.datetime, dt.datetime]:
        """The local hours that it lies in, which are what devices owe."""
        return (self.start, self.end) if self.hour is None else (self.hour.hour_start, self.hour.hour_end)

    def within(self, start: dt.datetime, end: dt.datetime) -> "Question":
        """The same of the interval `[start, end)`."""
        hour = hour_of(self.store, start)
        return replace(self, hour=hour, trading_day=hour.trading_day, start=start, end=end)

    @property
    def place(self) -> str | None:
        """The zone, or `from:to` of the way; None: the whole store."""
        return ":".join(self.way) if self.way else self.zone


def read_question(
    fleet: Fleet,
    store_id: str,
    hour: str | None,
    day: dt.date | None,
    zone: str | None,
    metric: str | None,
    *,
    way: str | None = None,
    table: str | None = None,
    interval: str | None = None,
    device: str | None = None,
) -> Question:
    """What is meant by the words of a command line.

    Raises:
        NotExplainableError: whoever asks corrects store, hour, zone, way, device, table or metric.
    """
    if sum(one is not None for one in (hour, day, interval)) != 1:
        raise NotExplainableError(
            "Say one of --hour, as 2026-11-24T17:00, --day, as 2026-11-24, and --interval, as 2026-11-24T17:15."
        )
    if not fleet.has_store(store_id):
        raise NotExplainableError(_unknown("--store", store_id, fleet.store_ids, "The fleet file declares"))
    store = fleet.store(store_id)
    areas = _areas(store, way)
    _refuse_unknown(store, zone, device)
    tables = _tables("day" if day else "interval" if interval else "hour", zone, areas, device)
    table = _table(tables, table, metric)
    metrics = _metrics(table, metric)
    if day is not None:
        return Question(store, table, zone, None, day, *day_bounds(store, day), metrics)
    at = read_time(store, "--hour" if hour else "--interval", hour or interval or "")
    local = hour_of(store, at)
    start = at if interval else local.hour_start
    return Question(store, table, zone, local, local.trading_day, start, local.hour_end, metrics, areas, device)


def read_time(store: Store, option: str, text: str) -> dt.datetime:
    """The instant `text`: of the store's wall clock, or with Z or an offset.

    Raises:
        NotExplainableError: it is no time, the clock skipped it, or showed it twice.
    """
    try:
        told = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        told = None
    if told is None or not _FIRST_YEAR <= told.year <= _LAST_YEAR:
        raise NotExplainableError(
            f"{option} {text}: write it as 2026-11-24T17:00 ({store.timezone}), or with Z or an offset, as"
            " 2026-11-24T17:00Z."
        )
    instants = (told.astimezone(dt.UTC),) if told.tzinfo else readings(told, store.zone_info)
    if not instants:
        raise NotExplainableError(f"{option} {text}: the clock of {store.timezone} skipped it.")
    if len(instants) > 1:
        choices = " or ".join(f"{option} {local_time(store, one)}" for one in instants)
        raise NotExplainableError(
            f"{option} {text} came twice in {store.timezone}, because the clock went back. Say {choices}."
        )
    return instants[0]


def hour_of(store: Store, instant: dt.datetime) -> LocalHour:
    """The local clock hour that holds it."""
    found = clock_hour(store.zone_info, instant)
    [hour] = local_hours(store, found.start, found.start + dt.timedelta(seconds=1))
    return hour


def refuse_outside(question: Question, first: dt.datetime | None, now: dt.datetime) -> None:
    """Refuse a period that has not begun, or that lies before everything that is known (`first`).

    What is expected is told of hours to come; an hour that names a cell of a heat map may lie anywhere.

    Raises:
        NotExplainableError: whoever asks chooses another period.
    """
    store, asked = question.store, _asked(question)
    if question.start > now and question.table not in (STAFF, HEAT):
        today = trading_day_of(store, now)
        hint = f" `--table {STAFF}` tells what is expected of it." if question.table == HOURS else ""
        raise NotExplainableError(
            f"{asked} has not begun: in {store.timezone} it is {local_time(store, now)}, day {today}.{hint}"
        )
    if first is None:
        raise NotExplainableError(
            f"{asked}: nothing of {store.id} was collected yet. `retail-pipeline run --store {store.id}` collects it."
        )
    if question.end <= first and question.table != HEAT:
        raise NotExplainableError(
            f"{asked} lies before the data of {store.id}, which begin {local_time(store, first)}."
        )


def local_time(store: Store, instant: dt.datetime) -> str:
    """`2026-11-24T17:00+00:00`, as `--hour` takes it."""
    return instant.astimezone(store.zone_info).isoformat(timespec="minutes")


def _asked(question: Question) -> str:
    if question.hour is None:
        return f"--day {question.trading_day}"
    return f"--{question.period} {local_time(question.store, question.start)}"


def _refuse_unknown(store: Store, zone: str | None, device: str | None) -> None:
    if zone is not None and zone not in store.zones:
        raise NotExplainableError(_unknown("--zone", zone, tuple(store.zones), f"The zones of {store.id} are"))
    devices = tuple(sensor.id for sensor in store.sensors)
    if device is not None and device not in devices:
        raise NotExplainableError(_unknown("--device", device, devices, f"The devices of {store.id} are"))


def _tables(period: str, zone: str | None, way: tuple[str, str] | None, device: str | None) -> tuple[str, ...]:
    """The tables with figures of what is asked for, the first of them where nothing tells which is meant."""
    if period != "hour" and way:
        raise NotExplainableError("--way: figures of ways are by the hour; say --hour.")
    if period != "interval" and device:
        raise NotExplainableError("--device: its heat is by the interval; say --interval.")
    if zone is not None and way is not None:
        raise NotExplainableError("Say either --zone or --way, which leads from one area to another.")
    if period == "interval":
        if (zone is None) == (device is None):
            raise NotExplainableError("--interval: say either --zone, or --device for the heat that it told.")
        return (INTERVALS,) if zone else (DEVICE_HEAT,)
    if period == "day":
        return (ZONE_DAYS,) if zone else (DAYS,)
    if way is not None:
        return (FLOWS,)
    return (HOURS, STAFF, HEAT) if zone is None else (ZONES, ALERTS, HEAT)


def _areas(store: Store, way: str | None) -> tuple[str, str] | None:
    """`outside:entrance` as the two areas."""
    if way is None:
        return None
    doors = store.graph.doors
    ways = {pair for door in doors for pair in (door.areas, door.areas[::-1])}
    if (areas := tuple(way.split(":"))) in ways:
        return areas[0], areas[1]
    known = tuple(sorted(":".join(pair) for pair in ways))
    raise NotExplainableError(_unknown("--way", way, known, f"The ways between areas of {store.id} are"))


def _table(tables: tuple[str, ...], table: str | None, metric: str | None) -> str:
    if table is None:
        return next((one for one in tables if metric in _names(one)), tables[0])
    if table in tables:
        return table
    if table in _WHERE:
        raise NotExplainableError(f"--table {table} holds figures {_WHERE[table]}.")
    raise NotExplainableError(_unknown("--table", table, tuple(_WHERE), "There are"))


def _metrics(table: str, metric: str | None) -> tuple[tuple[str, str], ...]:
    """Pairs of table and column; sales stand in a view beside the table and are told where they are known."""
    tables = [table, *([SALES[table]] if table in SALES else [])]
    known: dict[str, str] = {}
    for one in tables:
        known |= {name: one for name in metrics_of(one) if name not in known}
    if metric is None:
        return tuple((one, name) for one in tables for name in metrics_of(one))
    if metric in known:
        return ((known[metric], metric),)
    elsewhere = [words for other, words in _WHERE.items() if metric in _names(other) and other != table]
    if elsewhere:
        raise NotExplainableError(f"--metric {metric} is a figure {elsewhere[0]}.")
    raise NotExplainableError(_unknown("--metric", metric, tuple(known), "There are"))


_WHERE = {
    HOURS: "of an hour (--hour)",
    DAYS: "of a day (--day)",
    ZONES: "of a zone's hour (--hour with --zone)",
    FLOWS: "of a way between areas (--hour with --way FROM:TO)",
    ALERTS: "of a queue in an hour (--hour with --zone)",
    ZONE_DAYS: "of a zone's day (--day with --zone)",
    INTERVALS: "of a zone's interval (--interval with --zone)",
    DEVICE_HEAT: "of a device's interval (--interval with --device)",
    STAFF: "of an hour, also of one to come (--hour)",
    HEAT: "of a weekday's hour (--hour names one of them, also with --zone)",
}
"""What holds which figures; a figure of several is looked for in this order."""


def _names(table: str) -> set[str]:
    return {*metrics_of(table), *(metrics_of(SALES[table]) if table in SALES else ())}


def _unknown(option: str, name: str, known: tuple[str, ...], there_are: str) -> str:
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"{option} {name} is unknown.{meant} {there_are} {', '.join(known) or 'none'}."
