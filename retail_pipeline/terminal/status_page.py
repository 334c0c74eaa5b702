"""The monitor's page: what is wrong first, then stages, stores, devices, gaps, quarantine and runs."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from retail_pipeline.steps.status_report import HourState, Status, StoreStatus
from retail_pipeline.terminal.strips import hour_strip, legend

_STYLES = {"ok": "green", "warn": "yellow", "error": "bold red", "not_inspected": "yellow"}
_RUN_STYLES = {"success": "green", "failure": "bold red", "canceled": "yellow"}
_WORDS = {"not_inspected": "not inspected"}
FIRST_INSPECTION = "No check has run yet: the first is a quarter past the hour, by the job pipeline_health."
SHOWN_PROBLEMS = 8
SHOWN_GAPS = 20


def page(status: Status, console: Console) -> Group:
    """Everything that is known, for a terminal of any width."""
    is_unicode = console.encoding.lower().startswith("utf")
    return Group(*_parts(status, is_unicode))


def _parts(status: Status, is_unicode: bool) -> Iterator[RenderableType]:
    yield _verdict(status)
    if status.stages:
        yield _stages(status)
    if status.stores:
        yield _stores(status, is_unicode)
        yield Text(legend(is_unicode=is_unicode), style="dim")
    if status.devices:
        yield _devices(status)
    if status.gaps:
        yield _gaps(status)
    if status.quarantine:
        yield _quarantine(status)
    if status.incidents:
        yield _incidents(status)
    if status.deliveries:
        yield _deliveries(status)
    if status.runs is None:
        yield Text("Dagster's records can't be read here: no runs are shown.", style="dim")
    elif status.runs:
        yield _runs(status)


def _verdict(status: Status) -> Text:
    head = Text(f"{status.at:%Y-%m-%d %H:%M:%S} UTC  ")
    if status.is_healthy:
        return _not_inspected(head) if _awaits_inspection(status) else head.append("healthy", style="bold green")
    head.append("unhealthy", style="bold red")
    for problem in status.problems[:SHOWN_PROBLEMS]:
        head.append(f"\n- {problem}")
    if (more := len(status.problems) - SHOWN_PROBLEMS) > 0:
        head.append(f"\n- and {more} more, with --json all of them")
    return head


def _awaits_inspection(status: Status) -> bool:
    return bool(status.stages) and all(one.checked_at is None for one in status.stages)


def _not_inspected(head: Text) -> Text:
    """Nothing is known to be wrong, because nothing has been looked at: that is not health."""
    head.append("healthy so far", style="bold yellow")
    return head.append(f"\n- {FIRST_INSPECTION}")


def _stages(status: Status) -> Table:
    table = _table("stages", "stage", "status", "findings", "inspected (UTC)", "worst finding")
    for one in status.stages:
        worst = ": ".join(part for part in (one.store_id, one.detail) if part)
        words = Text(_WORDS.get(one.status, one.status), style=_STYLES[one.status])
        table.add_row(one.stage, words, str(one.findings), _utc(one.checked_at), Text(worst))
    return table


def _stores(status: Status, is_unicode: bool) -> Table:
    table = _table("stores", "store", "complete until", "age", "last 24 ended hours", "overdue")
    for store in sorted(status.stores, key=_worst_first):
        late = "no" if store.lateness == "ok" else f"{store.overdue_minutes:.0f} min"
        overdue = Text(late, style="" if store.lateness == "ok" else _STYLES[store.lateness])
        strip = hour_strip(store.hours, is_unicode=is_unicode)
        table.add_row(store.store_id, _local(store.newest_complete_at, store), _age(store), strip, overdue)
    table.columns[3].no_wrap = True
    return table


def _worst_first(store: StoreStatus) -> tuple[int, int]:
    """What a small window cuts off is what is well; within that, the order of the fleet file."""
    missing = sum(hour.state in (HourState.MISSING, HourState.PARTIAL) for hour in store.hours)
    return list(_STYLES).index(store.lateness) * -1, -missing


def _devices(status: Status) -> Table:
    zones = {store.store_id: store for store in status.stores}
    table = _table("devices", "device", "circuit", "last report", "clock", "last error")
    for one in sorted(status.devices, key=lambda device: device.circuit != "open"):
        circuit = Text(one.circuit, style="bold red" if one.circuit == "open" else "")
        skew = "unknown" if one.clock_skew_seconds is None else f"{one.clock_skew_seconds:+.0f} s"
        store = zones[one.store_id]
        error = Text(f"{_local(one.last_error_at, store)}: {one.last_error}")
        shown = circuit if one.is_active else Text("not asked", style="dim")
        table.add_row(
            *(one.sensor_id, shown, _local(one.last_ok_at, store), skew), error if one.last_error else Text("")
        )
    return table


def _gaps(status: Status) -> Table:
    zones = {store.store_id: store for store in status.stores}
    table = _table("open gaps", "device", "report", "cause", "hours", "first hour", "forgotten from")
    for gap in status.gaps[:SHOWN_GAPS]:
        store = zones[gap.store_id]
        first, deadline = _local(gap.first_hour, store), _local(gap.nearest_deadline, store)
        table.add_row(gap.sensor_id, gap.report, gap.cause, str(gap.hours), first, deadline)
    if (more := len(status.gaps) - SHOWN_GAPS) > 0:
        table.add_row(f"and {more} more")
    return table


def _quarantine(status: Status) -> Table:
    table = _table("quarantine, last 24 hours", "device", "rows", "reason")
    for one in status.quarantine:
        table.add_row(one.sensor_id, str(one.rows), Text(one.reason))
    return table


def _incidents(status: Status) -> Table:
    whose = ["location"] if any(one.location for one in status.incidents) else []
    table = _table("incidents", *whose, "kind", "what", "since (UTC)", "told (UTC)", "detail")
    for one in status.incidents[:SHOWN_GAPS]:
        noticed_by = [one.location or ""] if whose else []
        told = Text("nobody yet", style="yellow") if one.told_at is None else Text(_utc(one.told_at))
        table.add_row(*noticed_by, one.kind, one.subject, _utc(one.since), told, Text(one.detail))
    if (more := len(status.incidents) - SHOWN_GAPS) > 0:
        table.add_row(f"and {more} more")
    return table


def _deliveries(status: Status) -> Table:
    table = _table("reports that wait", "recipient", "pages", "since (UTC)", "next attempt (UTC)", "why")
    for one in status.deliveries:
        again = "" if one.next_attempt is None else _utc(one.next_attempt)
        table.add_row(one.recipient, str(one.pages), _utc(one.since), again, Text(one.problem or ""))
    return table


def _runs(status: Status) -> Table:
    table = _table("last runs", "job", "status", "started (UTC)", "took")
    for run in status.runs or ():
        took = "" if run.seconds is None else f"{run.seconds:.1f} s"
        table.add_row(run.job, Text(run.status, style=_RUN_STYLES.get(run.status, "")), _utc(run.started_at), took)
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _age(store: StoreStatus) -> str:
    minutes = store.minutes_since_newest
    if minutes is None:
        return "nothing yet"
    return f"{minutes:.0f} min" if minutes < 180 else f"{minutes / 60:.0f} h"


def _local(at: dt.datetime | None, store: StoreStatus) -> str:
    if at is None:
        return "never"
    local = at.astimezone(ZoneInfo(store.timezone))
    name = local.tzname() or ""
    return f"{local:%m-%d %H:%M} {store.timezone if name[:1] in '+-' else name}"


def _utc(at: dt.datetime | None) -> str:
    return "never" if at is None else f"{at.astimezone(dt.UTC):%m-%d %H:%M}"
